package oracle

import "testing"

func TestThreeValues(t *testing.T) {
	for _, row := range []struct {
		name string
		got  truth
		want truth
	}{
		{"false beats all", and(isUnknown, isMissing, isFalse), isFalse},
		{"unknown beats errors", and(isMissing, isUnknown, isTrue), isUnknown},
		{"the first error is kept", and(isTrue, isFault, isMissing), isFault},
		{"all true", and(isTrue, isTrue), isTrue},
		{"true beats all", or(isUnknown, isFault, isTrue), isTrue},
		{"or: unknown beats errors", or(isFalse, isMissing, isUnknown), isUnknown},
		{"or: the first error is kept", or(isFalse, isMissing, isFault), isMissing},
		{"none true", or(isFalse, isFalse), isFalse},
		{"not", not(isTrue), isFalse},
		{"not of unknown", not(isUnknown), isUnknown},
		{"not of an error", not(isFault), isFault},
	} {
		t.Run(row.name, func(t *testing.T) {
			if row.got != row.want {
				t.Errorf("got %d, want %d", row.got, row.want)
			}
		})
	}
}

func TestCond(t *testing.T) {
	refs := map[string]value{
		"object.tenant": {"eu", isTrue}, "object.level": {int64(4), isTrue}, "object.zero": {int64(0), isTrue}, "object.frozen": {true, isTrue},
		"object.members": {[]string{"ada"}, isTrue}, "object.id": {"a7", isTrue}, "object.odd": {"a 7", isTrue}, "request.ip": {"127.0.0.1", isTrue}, "object.region": {known: isUnknown}, "caller.subject": {"ada", isTrue}, "caller.claims.role": {known: isMissing},
	}
	tenant := &Cond{Op: "==", A: ref("object.tenant"), B: str("eu")}
	region := &Cond{Op: "==", A: ref("object.region"), B: str("eu")}
	role := &Cond{Op: "!=", A: ref("caller.claims.role"), B: str("clerk")}
	for _, row := range []struct {
		cond *Cond
		text string
		want truth
	}{
		{tenant, `object.tenant == "eu"`, isTrue},
		{&Cond{Op: "in", A: ref("object.tenant"), B: strs("eu", "us")}, `object.tenant in ["eu", "us"]`, isTrue},
		{&Cond{Op: "in", A: ref("caller.subject"), B: ref("object.members")}, `caller.subject in object.members`, isTrue},
		{&Cond{Op: "<", A: ref("object.level"), B: number(4)}, `object.level < 4`, isFalse},
		{&Cond{Op: "<=", A: ref("object.level"), B: number(4)}, `object.level <= 4`, isTrue},
		{&Cond{Op: ">", A: ref("object.level"), B: number(4)}, `object.level > 4`, isFalse},
		{&Cond{Op: ">=", A: ref("object.level"), B: number(4)}, `object.level >= 4`, isTrue},
		{&Cond{Op: "div", A: ref("object.level"), B: number(20)}, `100 / object.level > 20`, isTrue},
		{&Cond{Op: "div", A: ref("object.zero"), B: number(20)}, `100 / object.zero > 20`, isFault},
		{&Cond{Op: "ref", A: ref("object.frozen")}, `object.frozen`, isTrue},
		{&Cond{Op: "has", A: ref("caller.claims.role")}, `has(caller.claims.role)`, isFalse},
		{&Cond{Op: "has", A: ref("object.region")}, `has(object.region)`, isUnknown},
		{&Cond{Op: "==", A: ref("object.region"), B: ref("caller.claims.role")}, `object.region == caller.claims.role`, isMissing},
		{&Cond{Op: "<", A: ref("object.region"), B: ref("caller.claims.role")}, `object.region < caller.claims.role`, isUnknown},
		{&Cond{Op: "<", A: ref("caller.claims.role"), B: ref("object.region")}, `caller.claims.role < object.region`, isMissing},
		{&Cond{Op: "in", A: ref("object.region"), B: ref("caller.claims.role")}, `object.region in caller.claims.role`, isUnknown},
		{role, `caller.claims.role != "clerk"`, isMissing},
		{&Cond{Op: "network", A: ref("request.ip"), B: strs("127.0.0.0/8")}, `inNetwork(request.ip, ["127.0.0.0/8"])`, isTrue},
		{&Cond{Op: "network", A: ref("request.ip"), B: strs("10.0.0.0/8")}, `inNetwork(request.ip, ["10.0.0.0/8"])`, isFalse},
		{&Cond{Op: "hours", A: ref("object.level"), B: str("Fri-Mon UTC")}, `within(timestamp(object.level * 21600), "Fri-Mon UTC")`, isTrue},
		{&Cond{Op: "hours", A: ref("object.zero"), B: str("Fri-Mon UTC")}, `within(timestamp(object.zero * 21600), "Fri-Mon UTC")`, isFalse},
		{&Cond{Op: "meets", A: ref("object.members"), B: strs("bob", "ada")}, `intersects(object.members, ["bob", "ada"])`, isTrue},
		{&Cond{Op: "meets", A: ref("object.members"), B: strs("bob")}, `intersects(object.members, ["bob"])`, isFalse},
		{&Cond{Op: "meets", A: ref("object.members"), B: ref("caller.claims.role")}, `intersects(object.members, caller.claims.role)`, isMissing},
		{&Cond{Op: "all", A: ref("object.members"), B: strs("ada")}, `containsAll(object.members, ["ada"])`, isTrue},
		{&Cond{Op: "all", A: ref("object.members"), B: strs("ada", "bob")}, `containsAll(object.members, ["ada", "bob"])`, isFalse},
		{&Cond{Op: "version", A: ref("object.level"), B: str("3.2.0")}, `semver(string(object.level) + ".2.0-rc.1", "3.2.0") >= 0`, isTrue},
		{&Cond{Op: "version", A: ref("object.level"), B: str("4.2.0")}, `semver(string(object.level) + ".2.0-rc.1", "4.2.0") >= 0`, isFalse},
		{&Cond{Op: "under", A: ref("object.id"), B: str("things/a7")}, `under("things/" + object.id, "things/a7")`, isTrue},
		{&Cond{Op: "under", A: ref("object.id"), B: str("things/a")}, `under("things/" + object.id, "things/a")`, isFalse},
		{&Cond{Op: "under", A: ref("object.odd"), B: str("things/a")}, `under("things/" + object.odd, "things/a")`, isFault},
		{&Cond{Op: "under", A: ref("object.region"), B: str("things/a")}, `under("things/" + object.region, "things/a")`, isUnknown},
		{&Cond{Op: "segment", A: ref("object.id"), B: str("a7")}, `segment("things/" + object.id, "things") == "a7"`, isTrue},
		{&Cond{Op: "segment", A: ref("object.id"), B: str("a")}, `segment("things/" + object.id, "things") == "a"`, isFalse},
		{&Cond{Op: "and", Kids: []*Cond{tenant, not1(region)}}, `(object.tenant == "eu") && (!(object.region == "eu"))`, isUnknown},
		{&Cond{Op: "or", Kids: []*Cond{region, role, tenant}}, `(object.region == "eu") || (caller.claims.role != "clerk") || (object.tenant == "eu")`, isTrue},
	} {
		t.Run(row.text, func(t *testing.T) {
			if got := row.cond.String(); got != row.text {
				t.Errorf("text is %s", got)
			}
			if got := row.cond.eval(func(name string) value { return refs[name] }); got != row.want {
				t.Errorf("got %d, want %d", got, row.want)
			}
		})
	}
}
