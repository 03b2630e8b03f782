package spec

import (
	"slices"
	"strings"
	"unicode"
)

// wordsOf divides a name as people write them (batchDelete, batch-delete,
// HTTPRoute, ticket_id) into its words, in small letters.
func wordsOf(name string) []string {
	var out []string
	var word []rune
	flush := func() {
		if len(word) > 0 {
			out = append(out, strings.ToLower(string(word)))
			word = nil
		}
	}
	runes := []rune(name)
	for i, r := range runes {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			flush()
			continue
		case unicode.IsUpper(r) && i > 0:
			next := i+1 < len(runes) && unicode.IsLower(runes[i+1])
			if unicode.IsLower(runes[i-1]) || unicode.IsDigit(runes[i-1]) || unicode.IsUpper(runes[i-1]) && next {
				flush()
			}
		}
		word = append(word, r)
	}
	flush()
	return out
}

// snake is a name in the letters of types, actions and attributes; "" where it
// has none of them.
func snake(name string) string {
	plain := strings.Map(func(r rune) rune {
		if r > unicode.MaxASCII {
			return '_'
		}
		return r
	}, name)
	return strings.Join(wordsOf(plain), "_")
}

// irregular are plurals that no ending tells.
var irregular = map[string]string{
	"people": "person", "children": "child", "men": "man", "women": "woman", "indices": "index", "vertices": "vertex",
	"matrices": "matrix", "analyses": "analysis", "criteria": "criterion", "caches": "cache", "movies": "movie", "cookies": "cookie",
}

// alone are words in -s that are one thing, and words without a plural.
var alone = []string{"status", "news", "series", "species", "address", "access", "process", "progress", "business", "class", "bus",
	"alias", "canvas", "atlas", "bonus", "campus", "census", "virus", "consensus", "radius", "https", "dns", "tls", "aws", "sms", "gps", "os",
	"settings", "analytics", "metrics", "logs", "credentials", "permissions", "details", "stats", "contents", "sos", "basis", "analysis", "axis"}

// singular is one of what a noun names many of.
func singular(noun string) string {
	head, last := "", noun
	if i := strings.LastIndexAny(noun, "_-"); i >= 0 {
		head, last = noun[:i+1], noun[i+1:]
	}
	return head + singularWord(last)
}

func singularWord(w string) string {
	if one, ok := irregular[w]; ok {
		return one
	}
	switch {
	case slices.Contains(alone, w) || len(w) < 3:
		return w
	case strings.HasSuffix(w, "ies") && len(w) > 4:
		return strings.TrimSuffix(w, "ies") + "y"
	case strings.HasSuffix(w, "lves"):
		return strings.TrimSuffix(w, "ves") + "f"
	case hasAny(w, "sses", "shes", "ches", "xes", "zzes"):
		return strings.TrimSuffix(w, "es")
	case hasAny(w, "statuses", "aliases", "buses", "viruses", "campuses", "bonuses", "radiuses", "canvases"):
		return strings.TrimSuffix(w, "es")
	case strings.HasSuffix(w, "ses") && len(w) > 5 && !strings.ContainsRune("aeou", rune(w[len(w)-4])) && w[len(w)-4] == 's':
		return strings.TrimSuffix(w, "es")
	case hasAny(w, "ss", "us", "is"):
		return w
	case strings.HasSuffix(w, "s"):
		return strings.TrimSuffix(w, "s")
	}
	return w
}

func hasAny(w string, endings ...string) bool {
	return slices.ContainsFunc(endings, func(e string) bool { return strings.HasSuffix(w, e) })
}

// plural reports whether a path segment names many things.
func plural(segment string) bool {
	s := snake(segment)
	if i := strings.LastIndexByte(s, '_'); i >= 0 {
		s = s[i+1:]
	}
	return singularWord(s) != s || slices.Contains(alone, s) && hasAny(s, "ings", "ials", "ions")
}

// usual are verbs that mean one of the actions which need no declaration.
var usual = map[string]string{
	"get": "read", "read": "read", "fetch": "read", "show": "read", "view": "read", "describe": "read", "retrieve": "read", "download": "read",
	"list": "list", "search": "list", "query": "list", "find": "list", "count": "list", "filter": "list", "browse": "list", "watch": "list",
	"lookup": "list", "export": "list", "stream": "list",
	"create": "create", "add": "create", "new": "create", "insert": "create", "register": "create",
	"update": "update", "edit": "update", "modify": "update", "patch": "update", "replace": "update", "set": "update", "put": "update",
	"change": "update", "rename": "update", "save": "update", "upsert": "update", "write": "update",
	"delete": "delete", "remove": "delete", "destroy": "delete", "purge": "delete", "erase": "delete",
}

// verbs are further words that say what is done, where a segment could also name a thing.
var verbs = strings.Fields(`abort accept acknowledge activate apply approve archive assign attach authorize ban begin bind block
	cancel capture charge check claim clear clone close commit complete confirm connect convert copy deactivate decline decrypt
	deploy detach disable disconnect dismiss duplicate enable encrypt end evict exec execute expire finalize finish flag follow freeze unfreeze
	generate grant ignore import increment invalidate invite join kill leave lock login logout merge migrate move mute notify open
	pause pay ping pin portforward preview promote proxy provision publish push read recover redeem refresh refund reject release reload reopen
	replay report reprocess request rerequest rerun resend reset resolve restart restore resume retry revert revoke rollback rotate
	run send share sign shell ship simulate snooze star start stop subscribe submit suspend sync synchronize terminate test touch track transfer
	transition trigger unarchive unassign unblock undelete undo unfollow unlock unmute unpin unpublish unstar unsubscribe unsuspend upgrade upload
	validate verify void vote withdraw tunnel attach render print`)

// reaching are verbs that act on a thing whatever the method says.
var reaching = []string{"exec", "execute", "attach", "portforward", "proxy", "connect", "shell", "tunnel", "run"}

// modifiers say how a path is asked rather than what for, in front of a noun.
var modifiers = []string{"watch", "search", "find", "list", "export", "bulk", "batch", "count"}

// many are words that turn a verb to several objects at once.
var many = []string{"batch", "bulk", "multi", "mass", "many", "all"}

// verb reports whether a path segment or a name begins or is a verb, and the
// action that it stands for.
func verb(segment string) (action string, ok bool) {
	words := wordsOf(segment)
	for len(words) > 1 && slices.Contains(many, words[0]) {
		words = words[1:]
	}
	if len(words) == 0 {
		return "", false
	}
	first := words[0]
	if a, known := usual[first]; known {
		return a, true
	}
	if slices.Contains(verbs, first) {
		if len(words) > 1 && slices.Contains(many, words[len(words)-1]) {
			words = words[:len(words)-1]
		}
		return strings.Join(words, "_"), true
	}
	if first == "mark" && len(words) > 1 {
		return strings.Join(words, "_"), true
	}
	return "", false
}

// tenancies are nouns of whom a whole part of the data belongs to.
var tenancies = []string{"tenant", "org", "organization", "organisation", "workspace", "account", "company"}

// tenancy is the noun of a parameter such as tenant, org_id or workspaceId, or "".
func tenancy(param string) string {
	s := snake(param)
	for _, ending := range []string{"_id", "_name", "_slug", "_key", "_uuid"} {
		s = strings.TrimSuffix(s, ending)
	}
	if slices.Contains(tenancies, s) {
		return s
	}
	return ""
}

// sensitive are words that a property's name ends in, or is.
var sensitive = strings.Fields(`ssn iban bic pan cvv cvc pin dob birthdate token secret password passwd passphrase passcode otp
	credential credentials apikey privatekey pem salt mnemonic`)

// pairs of words that are sensitive together.
var pairs = []string{"api key", "private key", "secret key", "access key", "signing key", "encryption key", "account key", "ssh key",
	"card number", "account number", "routing number", "social security", "tax id", "national id", "passport number", "birth date", "date birth",
	"client secret", "card"}

// hints reports whether a name says that its value must not get about.
func hints(name string) bool {
	words := wordsOf(name)
	if len(words) == 0 {
		return false
	}
	last := words[len(words)-1]
	if slices.Contains(sensitive, last) || slices.Contains(sensitive, strings.Join(words, "")) {
		return true
	}
	text := " " + strings.Join(words, " ") + " "
	text = strings.Replace(text, " of ", " ", 1)
	return slices.ContainsFunc(pairs, func(p string) bool {
		return strings.HasSuffix(text, " "+p+" ") || p != "card" && strings.Contains(text, " "+p+" ")
	}) || last == "key" && len(words) == 1
}
