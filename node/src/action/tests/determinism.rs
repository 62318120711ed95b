//! The same inputs give the same run, on every host.

use super::*;

#[test]
fn the_clock_starts_at_the_nodes_and_advances_with_fuel() {
    let logs = logs_of(
        "const a = Date.now(); for (let i = 0; i < 100000; i++); const b = Date.now(), c = +new Date();
         console.log(a, b > a, c >= b, new Date(0).getTimezoneOffset(), new Date(0).toString())",
    );
    assert_eq!(logs, "1767225600000 true true 0 Thu Jan 01 1970 00:00:00 GMT+0000\n");
}

#[test]
fn a_loop_that_waits_for_the_clock_ends() {
    assert_eq!(logs_of("const t = Date.now(); while (Date.now() < t + 5); console.log('done')"), "done\n");
}

#[test]
fn the_clock_follows_the_node_and_never_runs_backwards() {
    on_big_stack(|| {
        let mut meter = Meter::default();
        let code =
            "(async () => { const a = Date.now(); await fetch('http://a.example'); console.log(Date.now() - a) })()";
        for (now, shown) in [(START.plus_millis(250), "250\n"), (Time(0), "0\n")] {
            let (mut execution, progress) = Execution::start(spec(code), &mut meter);
            let Progress::Pending(calls) = progress else { panic!("a call is open") };
            let answer = HostAnswer::Fetch(Ok(HttpResponse::default()));
            let Progress::Finished(Ok(result)) = execution.resume(now, calls[0].0, answer, &mut meter) else {
                panic!("the action ends")
            };
            assert_eq!(result.logs, shown);
        }
    });
}

#[test]
fn random_numbers_differ_by_seed_and_repeat_by_seed() {
    let with = |seed| ending_of(ActionSpec { seed, ..spec("console.log(Math.random(), Math.random())") }).1;
    assert_eq!(with([1; 32]), with([1; 32]));
    assert_ne!(with([1; 32]), with([2; 32]));
    let numbers: Vec<f64> = with([1; 32]).split_whitespace().map(|number| number.parse().unwrap()).collect();
    assert!(numbers.iter().all(|number| (0.0..1.0).contains(number)) && numbers[0] != numbers[1]);
}

#[test]
fn transcendental_functions_are_libms_to_the_last_bit() {
    let logs = logs_of(
        "for (const f of ['sin','cos','tan','exp','log','cbrt','sinh','log1p','expm1','atanh']) console.log(Math[f](0.7));
         console.log(Math.pow(0.7, 2.3), Math.atan2(0.7, 2.3), Math.hypot(0.7, 2.3), Math.hypot(), Math.pow(1, NaN))",
    );
    let x = 0.7;
    let unary = [
        libm::sin(x),
        libm::cos(x),
        libm::tan(x),
        libm::exp(x),
        libm::log(x),
        libm::cbrt(x),
        libm::sinh(x),
        libm::log1p(x),
        libm::expm1(x),
        libm::atanh(x),
    ];
    let mut expected: Vec<f64> = unary.to_vec();
    expected.extend([libm::pow(x, 2.3), libm::atan2(x, 2.3), libm::hypot(x, 2.3), 0.0]);
    let words: Vec<&str> = logs.split_whitespace().collect();
    let shown: Vec<f64> = words[..expected.len()].iter().map(|word| word.parse().unwrap()).collect();
    assert_eq!(shown, expected);
    assert_eq!(words.last(), Some(&"NaN"));
}

#[test]
fn what_shows_the_collector_or_the_machine_is_gone() {
    let logs = logs_of(
        "for (const n of ['WeakRef','FinalizationRegistry','SharedArrayBuffer','Atomics','Temporal','process','Deno'])
           console.log(typeof globalThis[n])",
    );
    assert_eq!(logs, "undefined\n".repeat(7));
}

#[test]
fn timers_run_in_order_of_time_and_setting() {
    let logs = logs_of(
        "setTimeout(() => console.log('c'), 20); setTimeout(() => console.log('a'), 10);
         setTimeout(() => console.log('b'), 10); clearTimeout(setTimeout(() => console.log('never'), 1));
         let n = 0; const i = setInterval(() => { console.log('i'); if (++n == 2) clearInterval(i) }, 8);
         Promise.resolve().then(() => console.log('first'))",
    );
    assert_eq!(logs, "first\ni\na\nb\ni\nc\n");
}

#[test]
fn fuel_is_metered_and_repeats_exactly() {
    let (_, _, fuel) = ending_of(spec("for (let i = 0; i < 1000; i++);"));
    assert!((1_000..100_000).contains(&fuel), "{fuel}");
    let (_, _, more) = ending_of(spec("for (let i = 0; i < 2000; i++);"));
    assert!(more > fuel);
}
