package diff

import (
	"net/netip"
	"reflect"
	"slices"
	"time"

	"github.com/tiergate/tiergate/rules"
)

// treatment is what a comparison makes of a key. The zero treatment, which is that
// of keys that nobody thought of yet, names each change of it, and lets somebody gain
// by it for all that is known.
type treatment struct {
	judged   bool                              // decisions on both versions show what it does
	loads    bool                              // it is for readers and for the loader: no decision reads it
	harmless bool                              // it says how a denial looks, or is for the second verdict
	grants   bool                              // without it, nobody gets more
	denies   bool                              // with it, nobody gets more
	keeps    bool                              // it narrows what another rule allows as well: where it goes with its rule, somebody may get more
	narrows  func(old, now reflect.Value) bool // it is sure that nobody gets more; nil for never
}

var (
	judged   = treatment{judged: true}
	loads    = treatment{loads: true}
	harmless = treatment{harmless: true}
	named    = treatment{}
	grants   = treatment{grants: true}
	denies   = treatment{denies: true}
)

// treatments are those of all keys that versions can have, by the struct that they
// stand in and its field.
var treatments = map[reflect.Type]map[string]treatment{
	reflect.TypeFor[rules.Source](): {
		"Files": loads, "Unread": loads, "BroadAbove": loads, "Weights": loads, "Kinds": loads, "Teams": loads, "Layers": loads,
		"Tiers": judged, "Unclassified": judged, "Overdue": judged, "Categories": judged, "Objects": judged, "Routes": judged, "Identities": judged,
		"Groups": judged, "ActionGroups": judged, "Define": judged, "Rules": judged,
	},
	reflect.TypeFor[rules.TierDecl](): {"Name": judged, "Require": {denies: true, narrows: demandsMore}, "RequireShadow": harmless, "Justify": loads},
	reflect.TypeFor[rules.ObjectDecl](): {
		"Type": judged, "Tier": judged, "MaxRowTier": judged, "Catalog": judged, "Parent": judged, "Attributes": judged, "Actions": judged, "Properties": judged,
		"Writable": judged, "Category": judged, "ID": denies, "Classify": named, "Shadow": grants,
	},
	reflect.TypeFor[rules.IdentityDecl](): {
		"Name": judged, "Kind": judged, "Match": judged, "Workload": judged, "Tenant": judged, "Purpose": judged, "ReviewBy": judged, "Status": judged,
		"Environment": judged, "NotBefore": judged, "Expires": judged, "Network": judged, "Owner": loads, "Task": loads, "Needs": loads,
		"MaxAge": {denies: true, narrows: shorter}, "OnBehalfOf": {grants: true, narrows: fewer}, "Strip": denies, "Shadow": grants,
	},
	reflect.TypeFor[rules.HostDecl](): {
		"Host": judged, "Map": judged, "Shadow": grants, "CORS": grants, "TrailingSlash": named, "Case": named, "GraphQL": named, "GRPC": named, "MCP": named,
	},
	reflect.TypeFor[rules.LineDecl](): {
		"Line": judged, "Purpose": named, "Because": loads, "Owner": loads, "Max": named, "Path": named, "Stream": grants, "Body": named,
		"Writes": named, "Fields": named, "Select": named, "Expand": named, "Integers": named, "Reads": named,
	},
	reflect.TypeFor[rules.RuleDecl](): {
		"ID": loads, "Because": loads, "Owner": loads, "Ticket": loads, "Mode": judged, "Allow": judged, "Deny": judged, "To": judged, "On": judged, "UpTo": judged,
		"FromTier": judged, "Category": judged, "For": judged, "Own": judged, "Same": judged, "Only": judged, "When": judged, "Unbounded": judged,
		"ReviewBy": judged, "NotBefore": judged, "Until": judged, "Require": {denies: true, narrows: demandsMore}, "Ask": denies, "Limit": {denies: true, narrows: limitsMore}, "Then": {keeps: true},
		"Status": harmless, "Text": harmless,
	},
	reflect.TypeFor[rules.OnlyDecl]():  {"ID": judged, "Prefix": judged, "Parent": judged, "Label": judged},
	reflect.TypeFor[rules.MatchDecl](): {"Peer": judged, "Issuer": judged, "Subject": judged, "Client": judged},
	reflect.TypeFor[rules.Selector](): {
		"Name": judged, "Identity": judged, "Group": judged, "Kind": judged, "Issuer": judged, "Claim": judged, "Scope": judged, "Workload": judged,
		"Environment": judged, "AnyOf": judged, "AllOf": judged, "Not": judged,
	},
	reflect.TypeFor[rules.GroupDecl]():    {"Name": judged, "Members": judged, "Because": loads, "Owner": loads, "ReviewBy": loads},
	reflect.TypeFor[rules.ActionDecl]():   {"Tier": judged, "Body": named},
	reflect.TypeFor[rules.PropertyDecl](): {"Tier": judged, "Category": judged},
	reflect.TypeFor[rules.ClassDecl]():    {"When": judged, "Tier": judged, "Category": judged},
	reflect.TypeFor[rules.RequireDecl](): { // demandsMore compares them
		"MaxTokenAge": judged, "MaxAuthAge": judged, "BoundToken": judged, "Purpose": judged, "MTLS": judged, "Network": judged, "ACR": judged, "AMR": judged,
		"FreshCatalog": judged,
	},
}

// demandsMore reports whether whoever meets the new demands meets the old ones.
func demandsMore(before, after reflect.Value) bool {
	old, _ := before.Interface().(rules.RequireDecl)
	now, _ := after.Interface().(rules.RequireDecl)
	within := func(old, now time.Duration) bool { return old == 0 || now != 0 && now <= old }
	kept := func(old, now bool) bool { return now || !old }
	return within(old.MaxTokenAge.V, now.MaxTokenAge.V) && within(old.MaxAuthAge.V, now.MaxAuthAge.V) && within(old.FreshCatalog.V, now.FreshCatalog.V) &&
		kept(old.BoundToken.V, now.BoundToken.V) && kept(old.Purpose.V, now.Purpose.V) && kept(old.MTLS.V, now.MTLS.V) &&
		contained(old.Network.Values(), now.Network.Values()) &&
		(len(old.ACR) == 0 || len(now.ACR) > 0 && subset(now.ACR.Values(), old.ACR.Values())) && subset(old.AMR.Values(), now.AMR.Values())
}

// contained reports whether all of the new networks lie in the old ones. None at all
// are all there are.
func contained(old, now []string) bool {
	within := func(inner string) bool {
		in, err := netip.ParsePrefix(inner)
		return err == nil && slices.ContainsFunc(old, func(outer string) bool {
			out, err := netip.ParsePrefix(outer)
			return err == nil && out.Bits() <= in.Bits() && out.Contains(in.Addr())
		})
	}
	return len(old) == 0 || len(now) > 0 && !slices.ContainsFunc(now, func(n string) bool { return !within(n) })
}

func subset(of, in []string) bool {
	return !slices.ContainsFunc(of, func(x string) bool { return !slices.Contains(in, x) })
}

// fewer reports whether a list has nothing that it had not.
func fewer(before, after reflect.Value) bool {
	old, _ := before.Interface().(rules.Strings)
	now, _ := after.Interface().(rules.Strings)
	return subset(now.Values(), old.Values())
}

// shorter reports whether a time that is demanded is no longer than it was.
func shorter(before, after reflect.Value) bool {
	old, _ := before.Interface().(rules.At[time.Duration])
	now, _ := after.Interface().(rules.At[time.Duration])
	return old.V == 0 || now.V != 0 && now.V <= old.V
}
