//! Lies about what nodes do together for actions: whoever tells them, nothing that must be done once is done twice, and what
//! honest nodes have of each other is the same everywhere.

use super::*;

const STORY: &str = r#"
schema = 1
name = "together"
[network]
nodes = 4
[chain]
block_time_ms = 500
[keys]
preprocessing = "dealer"
[[http]]
origin = "https://posts.example"
[[http.route]]
path = "/*"
status = 201
[users]
alice = { wallet = true }
[expect]
marks = []

[[act]]
name = "all"

[[act.step]]
id = "keygen"
user = "alice"
do.keygen = { key = "k" }

[[act.step]]
id = "mint"
user = "alice"
do.mint = { pkp = "p" }

[[act.step]]
id = "post"
user = "alice"
[act.step.do.execute]
code = '''
(async () => {
  const status = await Lit.Actions.runOnce({ waitForResponse: true, name: "post" }, async () =>
    String((await fetch("https://posts.example/", { method: "POST" })).status));
  Lit.Actions.setResponse({ response: status });
})();'''

[[act.step]]
id = "sum"
user = "alice"
[act.step.do.execute]
code = '''
(async () => {
  const all = await Lit.Actions.broadcastAndCollect({ name: "n", value: String(Math.random()) });
  const text = all.join(" and ");
  const toSign = Array.from({ length: 32 }, (_, i) => text.charCodeAt(i * 7 % text.length));
  await Lit.Actions.signEcdsa({ toSign, publicKey, sigName: "sig" });
})();'''
auth = "alice"
params.publicKey = "${pkp.p.public_key}"
"#;

/// Lies, and whether they can keep a request from completing when it is a liar's turn to lead: what a leader says of what it
/// did is its word, and one that is silent has no successor once it was granted the lead.
const LIES: [(&str, bool); 6] = [
    ("wrong_lead = { node = L, lie = 'votes' }", false),
    ("wrong_lead = { node = L, lie = 'early' }", false),
    ("wrong_lead = { node = L, lie = 'outcome' }", true),
    ("mute = { node = L, aim = { label = 'lead' } }", false),
    ("mute = { node = L, aim = { label = 'lead/outcome' } }", true),
    ("mutate = { node = L, aim = { label = 'lead' } }", true),
];

#[test]
fn f_liars_make_nothing_be_done_twice_and_stop_only_what_they_lead() {
    let networks: [(u16, &[u16]); 3] = [(4, &[2]), (7, &[3, 6]), (10, &[1, 4, 8])];
    let cases: Vec<_> = LIES
        .iter()
        .flat_map(|lie| networks.iter().flat_map(move |network| (1..=4).map(move |seed| (*lie, *network, seed))))
        .collect();
    let complaints = each(&cases, |((lie, may_stop), (nodes, liars), seed)| {
        let report = play(&told_in(STORY, *nodes, &told(lie, liars, *nodes), &[]), *seed);
        let safety: Vec<_> = report.violations.iter().filter(|violation| violation.oracle != "liveness").collect();
        let posts = report.marks.get("POST https://posts.example/").copied().unwrap_or(0);
        let unmet = report.requests.iter().filter(|request| !request.expected).count();
        let is_fine = safety.is_empty() && posts <= 1 && named(&report).is_empty() && (*may_stop || unmet == 0);
        (!is_fine).then(|| {
            format!("{lie}, liars {liars:?} of {nodes}, seed {seed}: {posts} posts, {safety:?}, {:?}", report.requests)
        })
    });
    let complaints: Vec<String> = complaints.into_iter().flatten().collect();
    assert!(complaints.is_empty(), "{complaints:#?}");
}

#[test]
fn each_lie_about_operations_is_told_in_some_of_these_runs() {
    let fired = each(&LIES, |(lie, _)| {
        let scenario = told_in(STORY, 4, &told(lie, &[2], 4), &[]);
        (1..=16).any(|seed| !fired(&play(&scenario, seed)).is_empty())
    });
    assert_eq!(fired, [true; 6]);
}
