const { Octokit } = require('@octokit/rest');
const { port, token, many, foreign, done } = require('./count.cjs');

const github = new Octokit({ auth: token, baseUrl: `http://api.github.example.com:${port}`, log: { debug() {}, info() {}, warn() {}, error() {} } });
const repo = { owner: 'acme', repo: 'web.site' };

(async () => {
  await many([
    () => github.rest.users.getAuthenticated(),
    () => github.rest.repos.get(repo),
    () => github.rest.issues.listForRepo({ ...repo, state: 'all', labels: 'bug,help wanted', per_page: 100 }),
    (n) => github.rest.issues.create({ ...repo, title: `Numéro ${n}: ünïcode & "quotes"`, body: 'line\nline\t😀', labels: ['C#', 'good first issue'] }),
    (n) => github.rest.issues.get({ ...repo, issue_number: n }),
    (n) => github.rest.issues.update({ ...repo, issue_number: n, state: 'closed', assignees: [], milestone: null }),
    (n) => github.rest.issues.createComment({ ...repo, issue_number: n, body: '<b>html</b> \\ 100 %' }),
    () => github.rest.issues.listComments({ ...repo, issue_number: 7, since: '2026-01-01T00:00:00+01:00' }),
    () => github.rest.issues.getLabel({ ...repo, name: 'good first issue' }),
    () => github.rest.issues.getLabel({ ...repo, name: 'área: 日本 (v2)' }),
    (n) => github.rest.repos.getContent({ ...repo, path: `src/lib/file ${n}.js`, ref: 'feature/x' }),
    () => github.rest.repos.getContent({ ...repo, path: '.github/workflows/ci.yml' }),
    () => github.rest.repos.createOrUpdateFileContents({ ...repo, path: 'docs/a+b(1).md', message: 'm', content: Buffer.from('x').toString('base64'), branch: 'main' }),
    () => github.rest.repos.getBranch({ ...repo, branch: 'release/2026.01' }),
    () => github.rest.git.getRef({ ...repo, ref: 'heads/feature/some-thing_1' }),
    () => github.rest.repos.compareCommitsWithBasehead({ ...repo, basehead: 'main...feature/x' }),
    () => github.rest.repos.compareCommits({ ...repo, base: 'v1.0.0', head: 'v1.1.0-rc.1' }),
    () => github.rest.repos.getReleaseByTag({ ...repo, tag: 'v1.0.0+build.5' }),
    () => github.rest.repos.getReleaseByTag({ ...repo, tag: '@acme/web@1.0.0' }),
    () => github.rest.repos.listCommits({ ...repo, sha: 'feature/x', path: 'src/index.js', author: 'ada@example.com' }),
    () => github.request('HEAD /repos/{owner}/{repo}', repo),
    async () => { for await (const page of github.paginate.iterator(github.rest.issues.listForRepo, { ...repo, per_page: 2 })) void page; },
  ]);
  await foreign(() => github.rest.repos.getContent({ owner: 'globex', repo: 'web.site', path: 'src/lib/file 1.js' }));
  done();
})();
