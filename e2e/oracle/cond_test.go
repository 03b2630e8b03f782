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
		"object.members": {[]string{"ada"}, isTrue}, "object.region": {known: isUnknown}, "caller.subject": {"ada", isTrue}, "caller.claims.role": {known: isMissing},
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
