package main

// The files of a new working directory. What one must change says EDIT.

const initConfig = `# The server. docs/configuration.md explains every key.
listen:
  grpc:
    - { address: 127.0.0.1:9191, serves: [{{.Host}}] } # EDIT: the hosts that Envoy asks about; off loopback only with mutual TLS
  admin: 127.0.0.1:9192 # metrics, health
rules: [./rules]
state_dir: ./state
issuers:
  - name: corp
    issuer: https://idp.example.com # EDIT: the iss of your tokens
    audience: [{{.Host}}] # EDIT: the aud of your tokens
    jwks: { discovery: true }
    algorithms: [RS256, ES256] # EDIT: with what your identity provider signs
catalogs:
  {{.Type}}: { file: ./catalog/{{.Type}}.csv } # EDIT: where the owner of each {{.Type}} is known
audit: { file: ./decisions.jsonl }
`

const initPeople = `identities:
  - { name: customers, kind: human, match: { issuer: corp, client: [web] } } # EDIT: the client ids of your users' applications
  - { name: svc-support, kind: service, match: { issuer: corp, subject: svc-support }, owner: team-support, review_by: {{.Review}} } # EDIT: a service of yours
rules:
  - { id: own-{{.Type}}, allow: customers, to: [read, update], on: {{.Type}}, up_to: confidential, own: owner } # EDIT: what users may do with what is theirs
  - id: support-reads-{{.Type}}
    allow: svc-support
    to: [read]
    on: {{.Type}}
    up_to: confidential
    because: Support looks into what a customer asks about. # EDIT: why it may read every {{.Type}}
    owner: team-support # EDIT: who answers for that
    review_by: {{.Review}} # EDIT: when somebody asks again whether it must
  - { id: services-touch-nothing-restricted, deny: { kind: service }, to: "*", on: "*", from_tier: restricted } # EDIT: what must never happen, whatever else allows it
`

const initTests = `tests: # every allow has a twin that differs in one thing and is denied
  - name: the owner reads
    as: customers
    claims: { sub: ada }
    send: GET https://{{.Host}}{{.Own.Path}}
    objects: { {{.Type}}/{{.Own.ID}}: { owner: ada } }
    want: { allow: own-{{.Type}} }
  - name: nobody reads what is another's
    as: customers
    claims: { sub: ada }
    send: GET https://{{.Host}}{{.Own.Path}}
    objects: { {{.Type}}/{{.Own.ID}}: { owner: bob } }
    want: { deny: no_rule, status: 403 }
  - name: support reads any
    as: svc-support
    send: GET https://{{.Host}}{{.Foreign.Path}}
    objects: { {{.Type}}/{{.Foreign.ID}}: { owner: bob } }
    want: { allow: support-reads-{{.Type}} }
  - name: support does not read what is restricted
    as: svc-support
    send: GET https://{{.Host}}{{.Foreign.Path}}
    objects: { {{.Type}}/{{.Foreign.ID}}: { owner: bob, tier: restricted } }
    want: { deny: denied_by_rule, status: 403 }
`
