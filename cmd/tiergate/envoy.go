package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/tiergate/tiergate/envoy"
	"github.com/tiergate/tiergate/resolver"
)

func newEnvoy() *cobra.Command {
	cmd := &cobra.Command{Use: "envoy", Short: "Write what the proxy must know of the rules", Example: "  tiergate envoy routes -c tiergate.yaml"}
	cmd.AddCommand(newEnvoyRoutes())
	return cmd
}

// beyond is how many bytes a proxy holds back beyond the largest body that is
// read: a buffer that is exactly full proves nothing.
const beyond = 4096

func newEnvoyRoutes() *cobra.Command {
	var file, to, cluster string
	cmd := &cobra.Command{
		Use:   "routes -c tiergate.yaml",
		Short: "Write the routes that hold back bodies where a map line reads them",
		Long: `routes writes, for Envoy, virtual hosts that send a request's body where a map line reads it, and for
paths that such a line has in common with a narrower one, and that end streams when their time is over;
for Istio, two policies that share all requests between two providers, with and without bodies. Write it
anew when the map lines change: a line whose body is not sent answers 400 body_missing.

Where a body is not sent, nobody looks for _method in it: frameworks that read it there must not.`,
		Example: "  tiergate envoy routes -c tiergate.yaml --cluster api\n  tiergate envoy routes -c tiergate.yaml --for istio",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if file == "" {
				return errors.New("envoy routes wants -c tiergate.yaml")
			}
			return writeRoutes(cmd.OutOrStdout(), cmd.ErrOrStderr(), file, to, cluster)
		},
	}
	cmd.Flags().StringVarP(&file, "config", "c", "", "the server's configuration")
	cmd.Flags().StringVar(&to, "for", "envoy", "envoy or istio")
	cmd.Flags().StringVar(&cluster, "cluster", "api", "the cluster that Envoy's routes lead to")
	return cmd
}

func writeRoutes(out, mistakes io.Writer, file, to, cluster string) error {
	if to != "envoy" && to != "istio" {
		return fmt.Errorf("--for is %q, want envoy or istio", to)
	}
	c, err := loadConfig(file)
	if err != nil {
		return explainMistakes(mistakes, err, nil)
	}
	parts, err := assemble(c, slog.New(slog.DiscardHandler))
	if err != nil {
		return explainMistakes(mistakes, err, nil)
	}
	p, src, err := parts.load()
	if err != nil {
		return explainMistakes(mistakes, err, src)
	}
	lines := proxyLines(p.Routes())
	text := envoy.Policies(lines)
	if to == "envoy" {
		text = envoy.Routes(lines, cluster, int(orDefault(c.Limits.Body.V, defaultBody))+beyond)
	}
	_, err = io.WriteString(out, text)
	return err
}

func proxyLines(r *resolver.Routes) []envoy.Line {
	var lines []envoy.Line
	for _, op := range r.InProxyOrder() {
		lines = append(lines, envoy.Line{
			Text: fmt.Sprintf("%v: %s", op.Pos, op.Line), Host: op.Host, Methods: op.Methods(),
			Regexp: r.PathRegexp(op), Globs: r.PathGlobs(op), Body: op.NeedsBody, Stream: op.Stream, Upgrade: op.Stream > 0 && op.Protocol == "",
		})
	}
	return lines
}
