package e2e

import "time"

func tokenAttacks() []Row {
	read := func(c Caller) Call { return call(c, "GET", ownAccount, "", "her own account") }
	aged := ada.aged(10 * time.Minute)
	return []Row{
		{Name: "no token", Attack: read(nobody).denied(401, "credential_missing").refusedBefore(401), Twin: own()},
		{Name: "a token for another audience", Attack: read(ada.flawed(WrongAudience)).denied(401, "token_audience_mismatch").refusedBefore(403), Twin: own()},
		{Name: "an expired token", Attack: read(ada.aged(2*time.Hour)).denied(401, "token_expired").refusedBefore(401), Twin: own()},
		{Name: "signed by an unknown key", Attack: read(ada.flawed(UnknownKey)).denied(401, "token_key_unknown").refusedBefore(401), Twin: own()},
		{Name: "another key under a real kid", Attack: read(ada.flawed(StolenKid)).denied(401, "token_signature_invalid").refusedBefore(401), Twin: own()},
		{Name: "alg none", Attack: read(ada.flawed(AlgNone)).denied(401, "token_alg_not_allowed|token_malformed").refusedBefore(401), Twin: own()},
		{Name: "HS256 with the public key", Attack: read(ada.flawed(HMACPublicKey)).denied(401, "token_alg_not_allowed").refusedBefore(401), Twin: own()},
		{Name: "a token too old for a restricted record",
			Attack: call(aged, "GET", "/v1/cards/card-11", "", "her own card").denied(401, "token_too_old"),
			Twin:   call(aged, "GET", "/v1/customers/ada", "", "an internal record").allowed("own-record")},
		{Name: "a partner's token that claims our tenant",
			Attack: call(partner.claiming("tenant", "nord"), "GET", bobsAccount, "", "bob's account").denied(403, "no_rule"),
			Twin:   call(partner.claiming("tenant", "nord"), "GET", "/v1/accounts/AC400001", "", "acme's account").allowed("partner-accounts")},
	}
}

func machineAttacks() []Row {
	payer := func(c Caller) Call { return call(c, "GET", bobsAccount, "", "a payer's account") }
	fine := payer(billing).allowed("billing-reads-payers", "x-bank-tenant: nord")
	return []Row{
		{Name: "a machine outside its purpose",
			Attack: call(billing, "GET", "/v1/marketing/audience?tenant=nord", "", "all customers, for marketing").denied(403, "purpose_not_allowed"),
			Twin:   call(billing, "GET", "/v1/customers?tenant=nord", "", "all customers, for invoices").allowed("billing-lists-customers")},
		{Name: "a stolen machine token, from another workload",
			Attack: payer(billing.from("stolen svc-billing at reports", reportsWorkload)).denied(401, "binding_mismatch"), Twin: fine},
		{Name: "a stolen machine token, from a laptop",
			Attack: payer(billing.from("stolen svc-billing, no peer", "")).denied(401, "binding_mismatch"), Twin: fine},
	}
}
