//! Tests of scenario files: what is read, and what is refused at which place.

use super::*;
use crate::budget::Budgets;
use crate::fault::{Crash, Fault};
use crate::plan::{FaultPlan, PlanError};
use insta::assert_snapshot;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn scenarios() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios")
}

const SMALL: &str = r#"schema = 1
name = "small"

[network]
nodes = 4

[users]
alice = { wallet = true }

[[act]]
name = "one"

[[act.step]]
id = "keygen"
user = "alice"
do.keygen = { key = "k" }
"#;

fn check(text: &str) -> Result<Scenario, Diagnostics> {
    parse("small.toml", text.as_bytes(), &scenarios(), &[])
}

/// The errors of the small scenario after replacing one part of it.
fn errors(part: &str, replacement: &str) -> String {
    assert!(SMALL.contains(part), "{part}");
    check(&SMALL.replacen(part, replacement, 1)).unwrap_err().to_string()
}

/// The errors of the small scenario with more at its end.
fn errors_after(more: &str) -> String {
    check(&format!("{SMALL}{more}")).unwrap_err().to_string()
}

fn edited(edits: &[&str]) -> Result<Scenario, Diagnostics> {
    parse("small.toml", SMALL.as_bytes(), &scenarios(), &edits.iter().map(ToString::to_string).collect::<Vec<_>>())
}

#[test]
fn the_quickstart_is_a_scenario_and_tells_its_story() {
    let scenario = load(&scenarios().join("quickstart.toml"), &[]).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((scenario.network.nodes, scenario.network.threshold, scenario.network.faulty_max()), (4, 3, 1));
    assert_eq!(scenario.acts.iter().map(|act| act.name.as_str()).collect::<Vec<_>>(), ["calm", "faulty"]);
    assert!(scenario.acts[0].faults.is_empty());
    assert_eq!(scenario.actions().len(), 4);
    assert_eq!(scenario.expect.marks.len(), 6);
    let plan = FaultPlan::new(&scenario, 1).unwrap();
    assert_eq!(plan.events.len(), 6);
    assert_eq!(plan, FaultPlan::new(&scenario, 1).unwrap());
}

#[test]
fn a_field_that_does_not_exist_is_shown_with_the_one_that_was_meant() {
    assert_snapshot!(errors("nodes = 4", "ndoes = 4"));
}

#[test]
fn a_missing_field_is_named() {
    assert_snapshot!(errors("nodes = 4\n", ""));
}

#[test]
fn a_wrong_type_says_which_type_was_expected() {
    assert_snapshot!(errors("nodes = 4", "nodes = \"four\""));
}

#[test]
fn a_kind_of_step_that_does_not_exist_is_shown_with_the_one_that_was_meant() {
    assert_snapshot!(errors("do.keygen", "do.keygne"));
}

#[test]
fn a_field_inside_a_step_is_checked_too() {
    assert_snapshot!(errors("{ key = \"k\" }", "{ kee = \"k\" }"));
}

#[test]
fn broken_toml_names_the_place() {
    assert_snapshot!(errors("[users]", "[users"));
}

#[test]
fn names_that_mean_nothing_are_all_listed_in_order() {
    assert_snapshot!(errors_after(
        r#"
[[act.step]]
id = "run"
user = "alcie"
do.execute = { action = "actions/price-gaurd.js", params = { k = "${pkp.p.public_key}" } }

[[act.fault]]
name = "crash"
when = { label = "dkg/ack", node = 9 }
during = "keygne"
what.crash = { node = 5 }
"#
    ));
}

#[test]
fn a_threshold_above_n_is_refused() {
    assert_snapshot!(errors("nodes = 4", "nodes = 4\nthreshold = 5"));
}

#[test]
fn an_unknown_threshold_rule_is_refused() {
    assert_snapshot!(errors("nodes = 4", "nodes = 4\nthreshold = \"half\""));
}

#[test]
fn an_expected_error_must_be_one_that_exists() {
    assert_snapshot!(errors("user = \"alice\"", "user = \"alice\"\nexpect = \"NotAuthorised\""));
}

#[test]
fn a_trigger_must_say_when() {
    assert_snapshot!(errors_after(
        "[[act.fault]]\nname = \"x\"\nwhen = { node = 2 }\nwhat.partition = { sets = [[1, 2], [2, 3]] }\n"
    ));
}

#[test]
fn a_rate_above_one_and_a_range_that_runs_backwards_are_refused() {
    assert_snapshot!(errors("nodes = 4", "nodes = 4\nlink.loss = 1.5"));
    assert_snapshot!(errors("nodes = 4", "nodes = 4\nlink.latency = { uniform_ms = [9, 3] }"));
}

#[test]
fn numbers_that_must_not_be_zero_are_refused_at_their_place() {
    assert_snapshot!(errors("[users]", "[chain]\nblock_time_ms = 0\n[users]"));
    assert_snapshot!(errors("[users]", "[nodes]\ncores = 0\n[users]"));
}

#[test]
fn two_chains_of_one_name_are_refused() {
    assert_snapshot!(errors("[users]", "[[chain]]\nname = \"a\"\n[[chain]]\nname = \"a\"\n[users]"));
    let two = check(&SMALL.replace("[users]", "[[chain]]\nname = \"a\"\n[[chain]]\nname = \"b\"\n[users]")).unwrap();
    assert_eq!(two.chains.iter().map(|chain| chain.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
}

#[test]
fn services_of_streams_have_names_of_hosts_each_its_own() {
    let twice = errors("[users]", "[[stream]]\nname = \"a\"\n[[stream]]\nname = \"a\"\n[users]");
    assert!(twice.contains("small.toml:10:8") && twice.contains("two servers at `https://a.stream.test`"), "{twice}");
    let no_host = errors("[users]", "[[stream]]\nname = \"A/b\"\n[users]");
    assert!(no_host.contains("small.toml:8:8") && no_host.contains("`A/b` is no name of a host"), "{no_host}");
    let server = "[[http]]\norigin = \"https://a.stream.test\"\n[[stream]]\nname = \"a\"\n[users]";
    assert!(errors("[users]", server).contains("two servers at `https://a.stream.test`"));
    let two = check(&SMALL.replace("[users]", "[[stream]]\nname = \"b\"\n[[stream]]\nname = \"a\"\n[users]")).unwrap();
    assert_eq!(two.streams.iter().map(|service| service.name.as_str()).collect::<Vec<_>>(), ["b", "a"]);
    // What goes wrong with web servers goes wrong with these.
    let fault = "\n[[act.fault]]\nname = \"down\"\nwhat.origin = { origin = \"https://a.stream.test\", answer = \"unreachable\" }\n";
    check(&format!("{}{fault}", SMALL.replace("[users]", "[[stream]]\nname = \"a\"\n[users]"))).unwrap();
}

#[test]
fn text_that_is_not_utf_8_is_refused_at_its_place() {
    let error = parse("bad.toml", b"schema = 1\nname = \"\xff\"", Path::new(""), &[]).unwrap_err().to_string();
    assert!(error.contains("bad.toml:2:9") && error.contains("UTF-8"), "{error}");
}

#[test]
fn edits_change_the_scenario_before_it_is_checked() {
    let scenario = edited(&["network.nodes=13", "network.threshold=floor", "limits.messages_max=9"]).unwrap();
    assert_eq!((scenario.network.nodes, scenario.network.threshold, scenario.limits.messages_max), (13, 8, 9));
    assert_snapshot!(edited(&["network.nodez=13"]).unwrap_err().to_string());
    assert_snapshot!(edited(&["network.nodes=1"]).unwrap_err().to_string());
}

#[test]
fn more_than_f_crashes_at_once_need_consent() {
    let crash = |name: &str, node: u16, extra: &str| {
        format!("[[act.fault]]\nname = \"{name}\"\n{extra}\nwhat.crash = {{ node = {node}, restart_after_ms = 100 }}\n")
    };
    let plan = |faults: &[String]| FaultPlan::new(&check(&format!("{SMALL}{}", faults.concat())).unwrap(), 1);
    let together = [crash("a", 1, ""), crash("b", 2, "when = { at_ms = 99 }")];
    let error = plan(&together).unwrap_err();
    assert!(matches!(error, PlanError::TooManyFaulty { allowed: 1, nodes: 4, .. }));
    assert!(error.to_string().contains("node 1, node 2") && error.to_string().contains("one/a, one/b"), "{error}");
    assert!(plan(&[crash("a", 1, ""), crash("b", 2, "when = { at_ms = 100 }")]).is_ok());
    assert!(plan(&[crash("a", 1, ""), crash("b", 1, "when = { label = \"dkg\" }")]).is_ok());
    assert!(plan(&[crash("a", 1, ""), crash("b", 2, "when = { label = \"dkg\" }")]).is_err());
    assert!(plan(&[crash("a", 1, "during = \"keygen\""), crash("b", 2, "")]).is_err());
    let consent = SMALL.replace("[users]", "[limits]\nbeyond_f = true\n[users]") + &together.concat();
    assert_eq!(FaultPlan::new(&check(&consent).unwrap(), 1).unwrap().events.len(), 2);
}

#[test]
fn who_sees_an_old_chain_without_an_end_counts_as_faulty() {
    let plan = |fault: &str| {
        let text = format!("{SMALL}[[act.fault]]\nname = \"old\"\nwhat.rpc_stale = {fault}\n");
        FaultPlan::new(&check(&text).unwrap(), 1)
    };
    assert!(plan("{ nodes = [1] }").is_ok());
    assert!(plan("{ nodes = [1, 2] }").is_err() && plan("{}").is_err());
    assert!(plan("{ nodes = [1, 2] }\nfor_ms = 9000").is_ok(), "it sees the rest in the end");
}

#[test]
fn whom_gateway_or_endpoints_fail_counts_as_faulty_unless_they_fail_everybody() {
    let plan = |fault: &str| {
        let text = format!("{SMALL}[[act.fault]]\nname = \"deaf\"\nwhat.{fault}\n");
        FaultPlan::new(&check(&text).unwrap(), 1)
    };
    for fault in ["rpc_down = { nodes = [N] }", "rpc_lag = { nodes = [N], blocks = 2 }"] {
        let of = |nodes: &str| fault.replace('N', nodes);
        assert!(plan(&of("1")).is_ok(), "{fault}");
        let error = plan(&of("1, 2")).unwrap_err().to_string();
        assert!(error.starts_with("node 1, node 2 may be down, cut off or lie"), "{error}");
        assert!(plan(&format!("{}\nfor_ms = 9000", of("1, 2"))).is_ok(), "{fault}: it ends, and they catch up");
        assert!(plan(&of("")).is_ok(), "{fault}: nobody is left who could serve");
    }
    for serve in ["wrong-bytes", "nothing", "truncated"] {
        let of = |nodes: &str| format!("gateway = {{ nodes = [{nodes}], serve = \"{serve}\" }}");
        assert!(plan(&of("1")).is_ok() && plan(&of("")).is_ok());
        assert!(plan(&of("1, 2")).is_err(), "{serve}");
        assert!(plan(&format!("{}\nfor_ms = 9000", of("1, 2"))).is_err(), "{serve}: what failed has failed");
        let lie = format!("{}\n[[act.fault]]\nname = \"lie\"\nwhat.silent = {{ node = 3 }}", of("1"));
        assert!(plan(&lie).is_err(), "{serve}: one liar beside it is one too many");
    }
}

#[test]
fn who_lies_counts_beside_whoever_is_down_and_those_who_are_down_one_after_the_other_count_once() {
    let lie = "[[act.fault]]\nname = \"lie\"\nwhat.silent = { node = 4 }\n";
    let crash = |name: &str, node: u16, at_ms: u32| {
        let what = format!("what.crash = {{ node = {node}, restart_after_ms = 100 }}");
        format!("[[act.fault]]\nname = \"{name}\"\nwhen = {{ at_ms = {at_ms} }}\n{what}\n")
    };
    let plan = |nodes: u16, faults: &[String]| {
        let text = SMALL.replace("nodes = 4", &format!("nodes = {nodes}"));
        FaultPlan::new(&check(&format!("{text}{lie}{}", faults.concat())).unwrap(), 1)
    };
    assert!(plan(4, &[]).is_ok() && plan(4, &[crash("a", 1, 0)]).is_err());
    assert!(plan(7, &[crash("a", 1, 0), crash("b", 2, 100), crash("c", 3, 200)]).is_ok());
    assert!(plan(7, &[crash("a", 1, 0), crash("b", 2, 99)]).is_err());
    assert!(plan(4, &[crash("a", 4, 0)]).is_ok(), "the same node");
}

#[test]
fn a_crash_for_good_counts_in_every_later_act() {
    let later = "[[act.fault]]\nname = \"a\"\nwhat.crash = { node = 1 }\n[[act]]\nname = \"two\"\n\
                 [[act.fault]]\nname = \"b\"\nwhat.crash = { node = 2, restart_after_ms = 5 }\n";
    let scenario = check(&format!("{SMALL}{later}")).unwrap();
    assert!(FaultPlan::new(&scenario, 1).is_err());
}

#[test]
fn any_node_is_drawn_from_the_seed_and_never_from_other_faults() {
    let fault = |name: &str| format!("[[act.fault]]\nname = \"{name}\"\nwhat.crash = {{ node = \"any\" }}\n");
    let small = SMALL.replace("[users]", "[limits]\nbeyond_f = true\n[users]");
    let node = |text: &str, seed: u64| {
        let plan = FaultPlan::new(&check(text).unwrap(), seed).unwrap();
        let crash = plan.events.iter().find(|event| event.id.0 == "one/a").map(|event| event.what.clone());
        let Some(Fault::Crash(Crash { node, .. })) = crash else { panic!("a crash") };
        node.0
    };
    let alone = format!("{small}{}", fault("a"));
    let drawn: std::collections::BTreeSet<u16> = (0..64).map(|seed| node(&alone, seed)).collect();
    assert_eq!(drawn.into_iter().collect::<Vec<_>>(), [1, 2, 3, 4]);
    let beside = format!("{small}{}{}", fault("b"), fault("a"));
    assert!((0..64).all(|seed| node(&alone, seed) == node(&beside, seed)));
}

#[test]
fn some_nodes_may_get_another_answer() {
    let http = "[[http]]\norigin = \"https://a.example\"\n[[http.route]]\npath = \"/p\"\njson = { price = 1 }\n\
                by_node = [{ nodes = [3, 4], status = 500, body = \"no\" }]\n";
    let scenario = check(&format!("{SMALL}{http}")).unwrap();
    let route = &scenario.http["https://a.example"].routes["/p"];
    assert_eq!(route.for_node(lit_node::id::NodeId(1)).body, b"{\"price\":1}");
    assert_eq!(
        (route.for_node(lit_node::id::NodeId(3)).status, &*route.for_node(lit_node::id::NodeId(4)).body),
        (500, &b"no"[..])
    );
}

#[test]
fn the_schema_describes_every_section_of_the_quickstart() {
    let schema = schema();
    let known: Vec<&String> = schema["properties"].as_object().unwrap().keys().collect();
    let text = std::fs::read_to_string(scenarios().join("quickstart.toml")).unwrap();
    let file: toml::Table = toml::from_str(&text).unwrap();
    for section in file.keys() {
        assert!(known.contains(&section), "{section} is missing");
    }
    assert_eq!(schema["additionalProperties"], false);
    for required in ["schema", "name", "network", "act"] {
        assert!(schema["required"].as_array().unwrap().iter().any(|name| name == required));
    }
    let steps = schema["$defs"]["Deed"]["oneOf"].as_array().unwrap();
    assert!(steps.iter().any(|step| step["required"][0] == "pkp_transaction"));
}

proptest! {
    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), edit in "\\PC{0,20}") {
        let _ = parse("x", &bytes, Path::new(""), &[edit]);
    }

    #[test]
    fn a_broken_scenario_never_panics(at in 0..SMALL.len(), cut in 0usize..20, put in "[\\PC\\n]{0,6}") {
        let mut text = SMALL.to_owned();
        text.replace_range(at..(at + cut).min(SMALL.len()), &put);
        if let Err(diagnostics) = check(&text) {
            prop_assert!(!diagnostics.to_string().is_empty());
        }
    }
}

#[test]
fn durations_and_sizes_beyond_reason_are_refused_at_their_place() {
    for (edit, expected) in [
        ("network.delta_ms=1000000000000", "1 to 3600000"),
        ("network.nodes=257", "2 to 256 nodes"),
        ("limits.virtual_ms_max=9223372036854775807", "at most 3600000000"),
        ("chain.block_time_ms=9", "10 to 3600000"),
        ("chain.rpc_latency_ms=9223372036854775807", "at most 3600000"),
        ("ipfs.latency={constant_ms=9223372036854775807}", "at most 3600000"),
        ("network.link.latency={uniform_ms=[1, 3600001]}", "at most 3600000"),
        ("keys.pool_per_set=4294967295", "from 0 to 255"),
        ("keys.unminted=0", "1 to 16"),
        ("keys.unminted=17", "1 to 16"),
    ] {
        let error = parse("small.toml", SMALL.as_bytes(), Path::new("."), &[edit.to_owned()]).unwrap_err().to_string();
        assert!(error.contains(expected) && error.contains("--set:1:"), "{edit}: {error}");
    }
}

#[test]
fn an_origin_that_no_request_could_reach_is_refused() {
    for origin in ["https://a?b", "https://a b", "https://u@a", "ftp://a", "https://a/b", "https://"] {
        let file = format!("{SMALL}[[http]]\norigin = \"{origin}\"\n");
        assert!(check(&file).unwrap_err().to_string().contains("this is no origin"), "{origin}");
    }
    let twice =
        format!("{SMALL}[[http]]\norigin = \"https://A.example\"\n[[http]]\norigin = \"https://a.example:443\"\n");
    assert!(check(&twice).unwrap_err().to_string().contains("two servers"));
}

#[test]
fn what_a_step_could_not_use_is_refused_instead_of_ignored() {
    let step = |execute: &str, expect: &str| {
        check(&format!("{SMALL}[[act.step]]\nid = \"x\"\nuser = \"alice\"\n{expect}[act.step.do.execute]\n{execute}"))
    };
    let error = step("cid = \"hello\"\nby = \"inline\"\n", "").unwrap_err().to_string();
    assert!(error.contains("no code to send along"), "{error}");
    let error = step("code = \"1\"\nexpect_response = \"x\"\n", "expect = \"JsError\"\n").unwrap_err().to_string();
    assert!(error.contains("no signatures and no response"), "{error}");
}

#[test]
fn faults_of_links_that_make_no_sense_are_refused_at_their_place() {
    let what = |what: &str| errors_after(&format!("[[act.fault]]\nname = \"x\"\nwhat.{what}\n"));
    for (fault, says, line) in [
        ("garbage = { from = 1, to = 2, bytes = 16777217 }", "16777217 is too much", 19),
        ("client_garbage = { user = 'alice', node = 2, bytes = 300000, count = 60 }", "18000000 bytes of garbage", 18),
        ("cut = { links = [[2, 2]] }", "node 2 has no link to itself", 19),
        ("cut = { links = { from = [9] } }", "there is no node 9", 19),
        ("drop = { links = \"all\", label = \"dkg/akc\" }", "unknown label", 18),
        ("delay = { links = \"all\", label = \"dkg/\", delay_ms = 5 }", "this is no label", 19),
        ("drop = { links = \"all\", label = \"dkg\", every = 0 }", "there is no message 0", 18),
        ("delay = { links = \"all\", label = \"dkg\", delay_ms = 0 }", "disturbs nothing", 18),
        ("gray = { links = \"all\", rate = 0.5, delay_ms = 0 }", "disturbs nothing", 18),
        (
            "bandwidth = { links = \"all\", bytes_per_s = 0, queue_bytes_max = 1 }",
            "expected a whole number, 1 or more",
            19,
        ),
        ("order = { nodes = [], turn = \"last\" }", "nobody's messages", 18),
        ("order = { nodes = [1], turn = \"late\" }", "unknown name `late`", 19),
        ("latency = { links = \"all\", latency = { empirical_ms = [5, 3] } }", "this is no sample", 19),
        ("replay_wire = { links = \"all\", as_from = 2, to = 2, after_ms = 5 }", "no link to itself", 19),
    ] {
        let error = what(fault);
        assert!(error.contains(says) && error.contains(&format!("small.toml:{line}:")), "{fault}:\n{error}");
    }
}

#[test]
fn stabilisation_is_read_and_goes_with_no_loss() {
    let with = |more: &str| check(&SMALL.replace("nodes = 4", &format!("nodes = 4\n{more}")));
    let scenario = with("gst_ms = 5000").unwrap();
    let expected = Stabilisation { gst_ms: 5000, delay_ms_max: 5000, loss: Rate { ppm: 0 } };
    assert_eq!(scenario.network.stabilisation, Some(expected));
    let scenario = with("gst_ms = 5000\npre_gst_delay_ms_max = 700\npre_gst_loss = 0.5").unwrap();
    let expected = Stabilisation { gst_ms: 5000, delay_ms_max: 700, loss: Rate { ppm: 500_000 } };
    assert_eq!((scenario.network.stable_from_ms(), scenario.network.stabilisation), (5000, Some(expected)));
    assert_eq!(with("link.loss = 0.5").unwrap().network.stable_from_ms(), 0);
    let error = with("gst_ms = 5000\nlink.loss = 0.5").unwrap_err().to_string();
    assert!(error.contains("after stabilisation"), "{error}");
    let error = with("gst_ms = 3600001").unwrap_err().to_string();
    assert!(error.contains("at most 3600000") && error.contains("small.toml:6:"), "{error}");
    let error = with("pre_gst_loss = 0.5").unwrap_err().to_string();
    assert!(error.contains("a time that is not given") && error.contains("small.toml:6:"), "{error}");
}

#[test]
fn who_is_cut_off_from_n_minus_f_nodes_without_an_end_counts_as_faulty() {
    let plan = |nodes: u16, fault: &str| {
        let text = SMALL.replace("nodes = 4", &format!("nodes = {nodes}"));
        FaultPlan::new(&check(&format!("{text}[[act.fault]]\nname = \"x\"\n{fault}\n")).unwrap(), 1)
    };
    let split = "what.partition = { sets = [[1, 2, 3, 4, 5, 6, 7], [8, 9, 10]] }";
    assert!(plan(10, split).is_ok(), "three of ten may be cut off");
    let even = "what.partition = { sets = [[1, 2, 3, 4, 5, 6], [7, 8, 9, 10]] }";
    let error = plan(10, even).unwrap_err();
    let PlanError::TooManyFaulty { faulty, .. } = &error else { panic!("another refusal: {error}") };
    assert_eq!(faulty.len(), 10, "neither side has seven: {error}");
    assert!(plan(10, &format!("{even}\nfor_ms = 9000")).is_ok(), "it heals");
    // One deaf node, and the same by a list of pairs.
    assert!(plan(4, "what.cut = { links = { to = [2] } }").is_ok());
    assert!(plan(4, "what.cut = { links = [[1, 2], [3, 4]] }").is_ok(), "each has three left to talk with");
    let error = plan(4, "what.cut = { links = [[1, 2], [1, 3], [4, 2], [4, 3]] }").unwrap_err();
    assert!(error.to_string().contains("may be down, cut off or lie"), "{error}");
    assert!(plan(4, "what.loss = { links = \"all\", rate = 1 }").is_ok(), "a loss is no cut");
    let crash = "what.crash = { node = 5, restart_after_ms = 9 }\n[[act.fault]]\nname = \"y\"\n";
    assert!(plan(10, &format!("{crash}{split}")).is_err(), "a crash beside it is one too many");
}

#[test]
fn every_shipped_scenario_is_in_the_index_and_has_a_budget_of_messages_and_of_virtual_time() {
    let (mut without, mut unlisted) = (Vec::new(), Vec::new());
    let index = std::fs::read_to_string(scenarios().join("README.md")).unwrap();
    for path in shipped() {
        let expect = load(&path, &[]).unwrap_or_else(|error| panic!("{error}")).expect;
        if expect.messages_max.is_none() || expect.virtual_ms_max.is_none() {
            without.push(path.clone());
        }
        let name = path.strip_prefix(scenarios()).unwrap().display().to_string();
        if !index.contains(&format!("({name})")) {
            unlisted.push(path);
        }
    }
    assert!(without.is_empty(), "{without:#?}");
    assert!(unlisted.is_empty(), "scenarios/README.md leaves out {unlisted:#?}");
}

#[test]
fn the_cost_of_every_shipped_scenario_is_recorded_under_its_own_seed_and_of_no_other() {
    let shipped = shipped().into_iter().map(|path| load(&path, &[]).unwrap_or_else(|error| panic!("{error}")));
    let shipped: BTreeMap<String, u64> = shipped.map(|scenario| (scenario.name, scenario.seed)).collect();
    let recorded = Budgets::read(&scenarios().join("budgets.json")).unwrap().scenarios;
    let recorded: BTreeMap<String, u64> = recorded.into_iter().map(|(name, figures)| (name, figures.seed)).collect();
    let named = |(name, seed): (&String, &u64)| format!("{name} under seed {seed}");
    let unrecorded: Vec<_> =
        shipped.iter().filter(|(name, seed)| recorded.get(*name) != Some(*seed)).map(named).collect();
    let gone: Vec<_> = recorded.iter().filter(|(name, _)| !shipped.contains_key(*name)).map(named).collect();
    assert!(unrecorded.is_empty(), "`litsim run scenarios --record` would add {unrecorded:#?}");
    assert!(gone.is_empty(), "scenarios/budgets.json has what does not ship: {gone:#?}");
}

/// All scenario files that ship.
fn shipped() -> Vec<PathBuf> {
    let (mut folders, mut files) = (vec![scenarios()], Vec::new());
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "toml") {
                files.push(path);
            }
        }
    }
    assert!(files.len() > 80, "{} scenarios", files.len());
    files
}

#[test]
fn each_limit_says_by_its_name_that_it_is_reached() {
    let limits = Limits { virtual_ms_max: 2, messages_max: 3, events_max: 4, ..Limits::default() };
    assert_eq!(limits.reached(2_000_000, 3, 4), None);
    assert_eq!(limits.reached(2_000_001, 3, 4), Some("virtual_ms_max"));
    assert_eq!(limits.reached(0, 4, 4), Some("messages_max"));
    assert_eq!(limits.reached(0, 0, 5), Some("events_max"));
}

#[test]
fn every_step_of_triples_has_a_label_that_scenarios_can_name() {
    let (_, kinds) = Vocabulary::LIT.labels.iter().find(|(protocol, _)| *protocol == "triples").unwrap();
    for step in crate::fault::TripleStep::ALL {
        assert!(kinds.contains(&step.kind()), "{step:?}");
    }
}

#[test]
fn keys_are_made_by_steps_or_kept_ready_by_the_nodes_and_not_both() {
    let kept = SMALL.replace("[users]", "[keys]\nunminted = 2\n\n[users]");
    let error = check(&kept).unwrap_err().to_string();
    assert!(error.contains("the nodes make keys by themselves"), "{error}");
    let wait = |text: &str| text.replace("do.keygen = { key = \"k\" }", "do.key_pool = {}");
    assert_eq!(check(&wait(&kept)).unwrap().keys.unminted.map(std::num::NonZeroU8::get), Some(2));
    let error = check(&wait(SMALL)).unwrap_err().to_string();
    assert!(error.contains("the nodes keep no keys ready to be minted"), "{error}");
    let own = wait(&kept).replace("do.key_pool = {}", "do.keygen = { key = \"k\", curve = \"bls12-381\" }");
    assert!(check(&own).is_ok(), "the network's own key is not kept ready");
}

#[test]
fn a_network_has_one_key_of_its_own_in_each_generation() {
    let own = |id: &str| {
        let keygen = format!("do.keygen = {{ key = \"{id}\", curve = \"bls12-381\" }}");
        format!("[[act.step]]\nid = \"{id}\"\nuser = \"alice\"\n{keygen}\n")
    };
    let reset = "[[act.fault]]\nname = \"wipe\"\nwhat.reset = {}\n";
    let two = [own("a"), own("b")].concat();
    assert!(errors_after(&two).contains("one key of its own"));
    assert_eq!(check(&format!("{SMALL}{two}{reset}")).unwrap().resets(), 1);
    let three = [two, own("c")].concat();
    assert!(errors_after(&format!("{three}{reset}")).contains("one key of its own"));
}
