package pairs

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/tiergate/tiergate/e2e/oracle"
	"github.com/tiergate/tiergate/rules"
	"github.com/tiergate/tiergate/rules/shape"
)

// Keys that decide nothing by themselves, and others.
const (
	atLoad    = "load: rules without it are refused, or those that it refuses"
	forPeople = "says: it is for those who read"
	contents  = "part: its entries are keys of their own"
	endpoint  = "not: documents of another language, whose slow and obvious reader would be a second parser; resolver/graphql, resolver/mcp, resolver/rpc and e2e have the cases"
)

// table says of every key of the rules language what members of the declarations of
// worlds it is, both of which are seen of it: that an answer came by it, and that one
// hung on it. Behind "hung:" only the latter is, behind "reached:" stands a construct
// of the evaluator, and what has another word is explained by it.
var table = map[string]string{
	"sections.teams": contents, "TeamDecl.name": atLoad, "TeamDecl.files": atLoad, "TeamDecl.owns": contents, "TeamDecl.owner": forPeople,
	"OwnsDecl.types": atLoad, "OwnsDecl.hosts": atLoad, "OwnsDecl.up_to": atLoad, "OwnsDecl.actions": atLoad, "OwnsDecl.catalogs": atLoad, "OwnsDecl.headers": atLoad, "OwnsDecl.open": atLoad,
	"ActionDecl.body": "Type.Bodies", "lineOptions.reads": "Line.Reads",

	"sections.tiers": contents, "sections.objects": contents, "sections.routes": contents, "sections.identities": contents, "sections.groups": contents,
	"sections.kinds": contents, "sections.rules": contents, "sections.action_groups": "hung: ActionGroup.Actions", "sections.define": "reached: define: in a condition",
	"sections.overdue": "hung: World.Overdue", "sections.unclassified": "hung: World.Unclassified", "sections.broad_above": atLoad, "sections.categories": atLoad, "sections.weights": forPeople,

	"TierDecl.name": atLoad, "TierDecl.require": contents, "TierDecl.require_shadow": "reached: tier: a demand is tried", "TierDecl.justify": atLoad,
	"RequireDecl.max_token_age": "Rule.Require.MaxTokenAge Tier.Require.MaxTokenAge", "RequireDecl.max_auth_age": "Rule.Require.MaxAuthAge", "RequireDecl.bound_token": "Rule.Require.BoundToken",
	"RequireDecl.purpose": "Rule.Require.Purpose Tier.Require.Purpose", "RequireDecl.mtls": "Rule.Require.MTLS", "RequireDecl.network": "Rule.Require.Networks",
	"RequireDecl.acr": "Rule.Require.ACR", "RequireDecl.amr": "Rule.Require.AMR", "RequireDecl.fresh_catalog": "Rule.Require.Fresh Tier.Require.Fresh",

	"ObjectDecl.type": atLoad, "ObjectDecl.tier": "Type.Tier", "ObjectDecl.max_row_tier": "Type.MaxRowTier", "ObjectDecl.catalog": "Type.Source", "ObjectDecl.parent": "Type.Parent",
	"ObjectDecl.id": "Type.IDPattern", "ObjectDecl.attributes": "Type.Attributes", "ObjectDecl.actions": "Type.Actions", "ObjectDecl.properties": "Type.Properties",
	"ObjectDecl.writable": "Type.Writable", "ObjectDecl.category": "Type.Category", "ObjectDecl.classify": "Type.Classify", "ObjectDecl.shadow": "hung: Type.Shadow",
	"ActionDecl.tier": "Type.Actions", "propertyParts.tier": "Property.Tier", "propertyParts.category": "Property.Category",
	"ClassDecl.when": "reached: classify: it holds", "ClassDecl.tier": "Class.Tier", "ClassDecl.category": "Class.Category",
	"ShadowDecl.host": "hung: Shadow.Host", "ShadowDecl.until": "hung: Shadow.Days",

	"HostDecl.host": "Host.Name", "HostDecl.map": "Host.Lines", "HostDecl.cors": "Host.CORS", "HostDecl.trailing_slash": "Host.Slash", "HostDecl.case": "Host.Case",
	"HostDecl.shadow": "hung: Host.Shadow", "HostDecl.graphql": endpoint, "HostDecl.grpc": endpoint, "HostDecl.mcp": endpoint,
	"lineOptions.max": "Line.Max", "lineOptions.purpose": "Line.Purpose", "lineOptions.because": forPeople, "lineOptions.owner": forPeople, "lineOptions.path": "Line.InCapture",
	"lineOptions.stream": "Line.Stream", "lineOptions.body": "Line.Bodies Line.Form", "lineOptions.writes": "Line.Writes", "lineOptions.fields": "Line.Fields",
	"lineOptions.select": "Line.Select", "lineOptions.expand": "reached: property: expanded", "lineOptions.integers": "Line.Exact",
	"PathDecl.encoded_slash": "Line.InCapture", "PathDecl.proxy": forPeople, "StreamDecl.max": "Line.Stream",

	"GraphQLDecl.path": endpoint, "GraphQLDecl.schema": endpoint, "GraphQLDecl.persisted": endpoint, "GraphQLDecl.max_depth": endpoint, "GraphQLDecl.max_aliases": endpoint,
	"GraphQLDecl.max_calls": endpoint, "GraphQLDecl.batch": endpoint, "GraphQLDecl.persisted_only": endpoint, "GraphQLDecl.ignore_params": endpoint, "GraphQLDecl.free": endpoint,
	"GRPCDecl.descriptors": endpoint, "MCPDecl.server": endpoint, "MCPDecl.path": endpoint, "MCPDecl.tools": endpoint, "MCPDecl.pins": endpoint, "MCPDecl.denied_status": endpoint,

	"IdentityDecl.name": atLoad, "IdentityDecl.kind": "Identity.Kind", "IdentityDecl.match": contents, "IdentityDecl.workload": "Identity.Workload", "IdentityDecl.tenant": "Identity.Tenant",
	"IdentityDecl.owner": forPeople, "IdentityDecl.purpose": "Identity.Purposes", "IdentityDecl.review_by": "Identity.Review", "IdentityDecl.shadow": "hung: Identity.Shadow",
	"IdentityDecl.status": "Identity.Status", "IdentityDecl.environment": "Identity.Environment", "IdentityDecl.not_before": "Identity.NotBefore", "IdentityDecl.expires": "Identity.Expires",
	"IdentityDecl.credential_max_age": "Identity.MaxAge", "IdentityDecl.network": "Identity.Networks", "IdentityDecl.on_behalf_of": "Identity.OnBehalfOf",
	"IdentityDecl.strip_credentials": "Identity.Strip", "IdentityDecl.task": forPeople, "IdentityDecl.needs": forPeople,
	"MatchDecl.peer": "Identity.Peer", "MatchDecl.issuer": "Identity.Issuer", "MatchDecl.subject": "Identity.Subject", "MatchDecl.client": "Identity.Clients",
	"GroupDecl.name": "hung: Group.Name", "GroupDecl.members": "hung: Group.Members", "GroupDecl.because": forPeople, "GroupDecl.owner": forPeople, "GroupDecl.review_by": forPeople,
	"CallerKindDecl.require": contents, "DemandsDecl.tenant": atLoad, "DemandsDecl.network": atLoad, "DemandsDecl.workload": atLoad, "DemandsDecl.owner": atLoad, "DemandsDecl.purpose": atLoad,
	"DemandsDecl.expires": atLoad, "DemandsDecl.environment": atLoad, "DemandsDecl.strip_credentials": atLoad, "DemandsDecl.task": atLoad, "DemandsDecl.needs": atLoad,
	"DemandsDecl.max_lifetime": atLoad, "DemandsDecl.credential_max_age": atLoad, "DemandsDecl.review_within": atLoad,

	"RuleDecl.id": forPeople, "RuleDecl.mode": "hung: Rule.Shadow", "RuleDecl.allow": "Rule.Who", "RuleDecl.deny": "Rule.Deny", "RuleDecl.to": "Rule.To", "RuleDecl.on": "Rule.On",
	"RuleDecl.up_to": "Rule.UpTo", "RuleDecl.from_tier": "Rule.FromTier", "RuleDecl.category": "Rule.Category", "RuleDecl.for": "Rule.For", "RuleDecl.own": "Rule.Own",
	"RuleDecl.same": "Rule.Same", "RuleDecl.only": "Rule.Only", "RuleDecl.when": "Rule.When", "RuleDecl.require": contents, "RuleDecl.unbounded": "Rule.Unbounded",
	"RuleDecl.because": forPeople, "RuleDecl.owner": forPeople, "RuleDecl.ticket": forPeople, "RuleDecl.review_by": "Rule.Review", "RuleDecl.then": "Rule.Set",
	"RuleDecl.not_before": "Rule.NotBefore", "RuleDecl.until": "Rule.Until", "RuleDecl.ask": "Rule.Ask", "RuleDecl.status": "Rule.Status", "RuleDecl.text": "Rule.Text",
	"RuleDecl.limit": "Rule.Limits", "LimitDecl.objects": "Limit.Objects", "LimitDecl.writes": "Limit.Writes", "LimitDecl.amount": "Limit.Amount", "LimitDecl.of": "Limit.Of",
	"LimitDecl.per": "Limit.Per", "LimitDecl.by": "Limit.Subject",
	"OnlyDecl.id": "Rule.Only.ID", "OnlyDecl.id_prefix": "Rule.Only.Prefix", "OnlyDecl.parent": "Rule.Only.Parent", "OnlyDecl.label": "Rule.Only.Label",
	"AskDecl.header": "Rule.Ask.Header", "AskDecl.pattern": "Rule.Ask", "AskDecl.as": "Rule.Ask.As",
	"ThenDecl.set_headers": "Mutation.Name", "ThenDecl.set_query": "Mutation.Query",
	"Selector.identity": "Selector.Identity", "Selector.group": "Selector.Group", "Selector.kind": "Selector.Kind", "Selector.issuer": "Selector.Issuer", "Selector.claim": "Selector.Claim",
	"Selector.scope": "Selector.Scope", "Selector.workload": "Selector.Workload", "Selector.environment": "Selector.Environment",
	"Selector.any_of": "Selector.AnyOf", "Selector.all_of": "Selector.AllOf", "Selector.not": "Selector.Not",
}

// lacks says what was not seen that table says, or was although table says otherwise.
func (p *proof) lacks() (out []string) {
	every := map[string]bool{}
	declared(rules.Shape(), every, map[*shape.Mapping]bool{})
	for _, key := range slices.Sorted(maps.Keys(every)) {
		is, known := table[key]
		word, rest, says := strings.Cut(is, ": ")
		switch {
		case !known:
			out = append(out, fmt.Sprintf("%s is a key that the generator does not know: give it to worlds, and to the evaluator", key))
		case says && word == "not":
			if p.written[key] {
				out = append(out, fmt.Sprintf("%s is written, although it is said not to be", key))
			}
		case !p.written[key]:
			out = append(out, fmt.Sprintf("%s is never written", key))
		case says && word == "reached" && !p.reached[rest]:
			out = append(out, fmt.Sprintf("%s: no request reached %q", key, rest))
		case says && word == "hung":
			out = append(out, p.lacking(key, rest, false)...)
		case !says:
			for member := range strings.FieldsSeq(is) {
				out = append(out, p.lacking(key, member, true)...)
			}
		}
	}
	for key := range table {
		if !every[key] {
			out = append(out, fmt.Sprintf("%s is no key any more", key))
		}
	}
	return out
}

func (p *proof) lacking(key, member string, through bool) (out []string) {
	if through && !p.through[member] {
		out = append(out, fmt.Sprintf("%s: no answer came by a declaration with %s", key, member))
	}
	if !p.otherwise[member] {
		out = append(out, fmt.Sprintf("%s: every answer would be the same without %s", key, member))
	}
	return out
}

// write notes the keys that the files of a world have.
func (p *proof) write(t *testing.T, w *oracle.World) {
	t.Helper()
	for name, text := range w.RulesFiles(noon) {
		n, ms := rules.ParseYAML(name, []byte(text))
		if len(ms) > 0 {
			t.Fatal(ms)
		}
		keysOf(n, rules.Shape(), p.written)
	}
}

// declared adds the keys that a shape has.
func declared(s shape.Shape, to map[string]bool, met map[*shape.Mapping]bool) {
	if s.List != nil {
		declared(*s.List, to, met)
	}
	m := s.Mapping
	if m == nil || met[m] {
		return
	}
	met[m] = true
	if m.Values != nil {
		declared(*m.Values, to, met)
	}
	for _, k := range m.Keys {
		to[m.Name+"."+k.Name] = true
		declared(k.Shape, to, met)
	}
}

// keysOf adds the keys that a file has.
func keysOf(n *rules.Node, s shape.Shape, to map[string]bool) {
	if n.Kind == rules.Sequence && s.List != nil {
		for _, item := range n.Items {
			keysOf(item, *s.List, to)
		}
	}
	if n.Kind != rules.Mapping || s.Mapping == nil {
		return
	}
	for i := 0; i+1 < len(n.Items); i += 2 {
		name, value := n.Items[i].Value, n.Items[i+1]
		if s.Mapping.Values != nil {
			keysOf(value, *s.Mapping.Values, to)
			continue
		}
		to[s.Mapping.Name+"."+name] = true
		for _, k := range s.Mapping.Keys {
			if k.Name == name {
				keysOf(value, k.Shape, to)
			}
		}
	}
}
