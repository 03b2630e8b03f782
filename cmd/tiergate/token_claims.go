package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tiergate/tiergate/rules"
)

func newTokenClaims() *cobra.Command {
	var a asked
	cmd := &cobra.Command{
		Use:   "claims -c tiergate.yaml --as IDENTITY",
		Short: "Say what a token must hold for its bearer to be that identity",
		Long: `claims prints, as JSON, the claims by which the configuration and the rules take a token's bearer for an
identity: what its issuer has to put in. Dates are not among them, and neither is what only a binding or a
profile asks for.`,
		Example: "  tiergate token claims -c tiergate.yaml --as customers --subject ada",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case a.config == "":
				return errors.New("token claims wants -c tiergate.yaml")
			case a.as == "" || a.as == "anonymous":
				return errors.New("token claims wants --as IDENTITY: somebody who has a token")
			}
			claims, err := a.tokenClaims(cmd)
			if err != nil {
				return err
			}
			e := json.NewEncoder(cmd.OutOrStdout())
			e.SetEscapeHTML(false)
			e.SetIndent("", "  ")
			return e.Encode(claims)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&a.config, "config", "c", "", "the server's configuration")
	f.StringVar(&a.as, "as", "", "the identity")
	f.StringVar(&a.subject, "subject", "", "the subject, needed for a class of callers")
	f.StringArrayVar(&a.claims, "claim", nil, "a further claim, name=value")
	return cmd
}

func (a *asked) tokenClaims(cmd *cobra.Command) (map[string]any, error) {
	p, src, err := offline(a.config)
	if err != nil {
		return nil, explainMistakes(cmd.ErrOrStderr(), err, src)
	}
	c, err := loadConfig(a.config)
	if err != nil {
		return nil, err
	}
	id, err := p.Set().Identity(a.as)
	if err != nil {
		return nil, err
	}
	if id.Peer != "" {
		return nil, fmt.Errorf("%q is the peer %s: it comes without a token", a.as, id.Peer)
	}
	e, err := a.verified(p.Set(), id, time.Now())
	if err != nil {
		return nil, err
	}
	for i := range c.Issuers {
		if issuer := &c.Issuers[i]; issuer.Name.V == id.Issuer {
			return issuer.claimsOf(e.Verified)
		}
	}
	return nil, fmt.Errorf("the issuer %q of %q is not in the configuration", id.Issuer, a.as)
}

// claimsOf are the claims of a token of the issuer that proves v.
func (i *issuerConfig) claimsOf(v *rules.Verified) (map[string]any, error) {
	all := map[string]any{"sub": v.Subject}
	if i.Issuer.V != "" {
		all["iss"] = i.Issuer.V
	}
	if aud := i.Audience.Values(); len(aud) > 0 {
		all["aud"] = aud[0]
	}
	if v.ClientID != "" {
		all[orDefault(i.ClientClaim.V, "client_id")] = v.ClientID
	}
	if v.ACR != "" {
		all["acr"] = v.ACR
	}
	if len(v.AMR) > 0 {
		all["amr"] = v.AMR
	}
	if len(v.Scopes) > 0 {
		all["scope"] = strings.Join(v.Scopes, " ")
	}
	places := i.places()
	for name, value := range v.Claims {
		if _, fixed := v.Fixed[name]; fixed {
			continue // whatever the token says
		}
		path := places[name]
		if len(path) == 0 {
			path = []string{name}
		}
		if err := put(all, path, value); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// put sets a value at a path through nested objects.
func put(in map[string]any, path []string, value any) error {
	for _, name := range path[:len(path)-1] {
		next, ok := in[name].(map[string]any)
		if !ok {
			if in[name] != nil {
				return fmt.Errorf("the claim %q is a value and holds others", name)
			}
			next = map[string]any{}
			in[name] = next
		}
		in = next
	}
	in[path[len(path)-1]] = value
	return nil
}
