//! `fetch`, `Headers`, `Request` and `Response`.

use super::*;
use crate::io::{HttpError, HttpRequest};

/// Runs a script against a server: each request gets an answer, one millisecond later. Hands back what was asked.
fn served(
    code: &str,
    server: impl Fn(&HttpRequest) -> Result<HttpResponse, HttpError> + Sync,
) -> (Result<ActionResult, ActionError>, String, Vec<HttpRequest>) {
    on_big_stack(|| {
        let (mut meter, mut now, mut asked) = (Meter::default(), START, Vec::new());
        let (mut execution, mut progress) = Execution::start(spec(code), &mut meter);
        let mut open = Vec::new();
        loop {
            match progress {
                Progress::Finished(result) => return (result, execution.logs(), asked),
                Progress::Pending(calls) => open.extend(calls),
            }
            now = now.plus_millis(1);
            progress = if open.is_empty() {
                now = now.max(execution.deadline().expect("a pending action has a deadline"));
                execution.tick(now, &mut meter)
            } else {
                let (id, call) = open.remove(0);
                let HostCall::Fetch(request) = call else { panic!("only fetches are expected") };
                asked.push(request.clone());
                execution.resume(now, id, HostAnswer::Fetch(server(&request)), &mut meter)
            };
        }
    })
}

fn page(status: u16, headers: &[(&str, &str)], body: &str) -> Result<HttpResponse, HttpError> {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Ok(HttpResponse { status, headers, body: body.into() })
}

fn header<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    request.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

#[test]
fn a_response_has_status_headers_and_a_body_that_is_read_once() {
    let code = "const r = await fetch(' HTTP://A.example#x ');
        console.log(r.status, r.ok, r.type, r.url, r.redirected, r.statusText === '');
        console.log(r.headers.get('Content-Type'), r.headers.has('x'), [...r.headers].join(';'), r.headers.getSetCookie().join('|'));
        try { r.headers.set('a', 'b') } catch (e) { console.log(e.name) }
        console.log(new Uint8Array(await r.arrayBuffer()).length, r.bodyUsed);
        await r.text().catch(e => console.log(e.name, e.message));
        try { r.clone() } catch (e) { console.log(e.name) }";
    let headers = [("content-type", "text/x"), ("set-cookie", "a=1"), ("set-cookie", "b=2")];
    let (result, logs, asked) = served(code, |_| page(404, &headers, "hé"));
    assert_eq!(result.map(drop), Ok(()), "{logs}");
    assert_eq!(
        logs,
        "404 false basic http://a.example/ false true\n\
         text/x false content-type,text/x;set-cookie,a=1;set-cookie,b=2 a=1|b=2\nTypeError\n3 true\n\
         TypeError the body was already read\nTypeError\n"
    );
    assert_eq!(asked[0].url, "http://a.example/");
}

#[test]
fn bodies_come_back_as_text_json_bytes_and_copies() {
    let code = "const get = () => fetch('http://a.example');
        console.log(await (await get()).text(), JSON.stringify(await (await get()).json()));
        console.log((await (await get()).bytes()).join(), (await (await get()).arrayBuffer()).byteLength);
        const r = await get(), c = r.clone();
        console.log((await r.json()).b, (await c.json()).a, c.headers.get('x-a'), c.headers !== r.headers, r.url === c.url);
        await (await fetch('http://a.example/bad')).json().catch(e => console.log(e.name))";
    let (result, logs, _) = served(code, |request| match request.url.as_str() {
        "http://a.example/bad" => page(200, &[], "{"),
        _ => page(200, &[("x-a", "1")], "{\"b\":1,\"a\":2}"),
    });
    assert_eq!(result.map(drop), Ok(()), "{logs}");
    let bytes = b"{\"b\":1,\"a\":2}".map(|byte| byte.to_string()).join(",");
    assert_eq!(logs, format!("{{\"b\":1,\"a\":2}} {{\"b\":1,\"a\":2}}\n{bytes} 13\n1 2 1 true true\nSyntaxError\n"));
}

#[test]
fn bodies_go_out_as_texts_bytes_views_and_forms() {
    let bodies = [
        ("'hé'", "hé".as_bytes(), Some("text/plain;charset=UTF-8")),
        ("new Uint8Array([1, 2])", &[1, 2], None),
        ("new Uint8Array([1, 2]).buffer", &[1, 2], None),
        ("new Uint16Array([258])", &[2, 1], None),
        ("new DataView(new Uint8Array([1, 2, 3]).buffer, 1)", &[2, 3], None),
        ("Buffer.from('ab')", b"ab", None),
        (
            "new URLSearchParams({ a: '1 2', b: '&' })",
            b"a=1+2&b=%26",
            Some("application/x-www-form-urlencoded;charset=UTF-8"),
        ),
        ("{ toString: () => 'text' }", b"text", Some("text/plain;charset=UTF-8")),
        ("''", b"", Some("text/plain;charset=UTF-8")),
        ("null", b"", None),
    ];
    for (body, sent, content_type) in bodies {
        let code = format!("await fetch('http://a.example', {{ method: 'POST', body: {body} }})");
        let (result, logs, asked) = served(&code, |_| page(200, &[], ""));
        assert_eq!(result.map(drop), Ok(()), "{body}: {logs}");
        assert_eq!((asked[0].body.as_slice(), header(&asked[0], "content-type")), (sent, content_type), "{body}");
    }
    let code = "await fetch('http://a.example', { method: 'POST', body: 'x', headers: { 'Content-Type': 'a/b' } })";
    assert_eq!(header(&served(code, |_| page(200, &[], "")).2[0], "content-type"), Some("a/b"));
}

#[test]
fn redirects_are_followed_with_the_right_method_and_headers() {
    let post = |status: u16| {
        let code = "const r = await fetch('http://a.example/one', { method: 'POST', body: 'x',
              headers: { Authorization: 'k', 'X-Mine': '1' } });
            console.log(r.url, r.redirected, await r.text())";
        let (result, logs, asked) = served(code, move |request| match request.url.as_str() {
            "http://a.example/one" => page(status, &[("location", "two?q#f")], ""),
            "http://a.example/two?q" => page(307, &[("location", "https://b.example/three")], ""),
            _ => page(200, &[], "there"),
        });
        assert_eq!(result.map(drop), Ok(()), "{status}: {logs}");
        assert_eq!(logs, "https://b.example/three true there\n", "{status}");
        asked
    };
    for status in [301, 302, 303] {
        let asked = post(status);
        assert_eq!((asked[1].method.as_str(), asked[1].body.len()), ("GET", 0), "{status}");
        assert_eq!(header(&asked[1], "content-type"), None, "{status}");
        assert_eq!(header(&asked[1], "authorization"), Some("k"), "{status}");
    }
    for status in [307, 308] {
        let asked = post(status);
        assert_eq!((asked[2].method.as_str(), asked[2].body.as_slice()), ("POST", &b"x"[..]), "{status}");
        assert_eq!(header(&asked[2], "content-type"), Some("text/plain;charset=UTF-8"), "{status}");
        // Another origin does not see who is asking.
        assert_eq!((header(&asked[2], "authorization"), header(&asked[2], "x-mine")), (None, Some("1")), "{status}");
    }
}

#[test]
fn redirects_can_be_refused_or_handed_over_and_end() {
    let elsewhere = |_: &HttpRequest| page(302, &[("location", "/again")], "body");
    let (result, _, asked) = served("await fetch('http://a.example', { redirect: 'error' })", elsewhere);
    assert_eq!(result, Err(ActionError::Threw("TypeError: fetch failed: redirected (status 302)".into())));
    assert_eq!(asked.len(), 1);
    let manual = "const r = await fetch('http://a.example', { redirect: 'manual' });
        console.log(r.status, r.headers.get('location'), r.redirected, await r.text())";
    assert_eq!(served(manual, elsewhere).1, "302 /again false body\n");
    let (result, _, asked) = served("await fetch('http://a.example')", elsewhere);
    assert_eq!(result, Err(ActionError::Threw("TypeError: fetch failed: redirected more than 20 times".into())));
    assert_eq!(asked.len(), 21);
    for location in ["file:///etc/passwd", "javascript:alert(1)", "http://u:p@b.example/", "http://"] {
        let (result, ..) = served("await fetch('http://a.example')", |_| page(301, &[("location", location)], ""));
        let text = "TypeError: fetch failed: redirected to something that is no http or https URL";
        assert_eq!(result, Err(ActionError::Threw(text.into())), "{location}");
    }
    // Without a place to go, it is an answer like any other.
    assert_eq!(served("console.log((await fetch('http://a.example')).status)", |_| page(301, &[], "")).1, "301\n");
    assert!(threw("fetch('http://a.example', { redirect: 'x' })").starts_with("TypeError: fetch: redirect"));
}

#[test]
fn connections_that_fail_are_type_errors() {
    for (error, text) in [
        (HttpError::Timeout, "timed out"),
        (HttpError::Unreachable, "connection failed"),
        (HttpError::UnknownHost("a.example".into()), "no host answers at \"a.example\""),
    ] {
        let (result, logs, _) =
            served("try { await fetch('http://a.example') } catch (e) { console.log(e.name, e.message) }", |_| {
                Err(error.clone())
            });
        assert_eq!(result.map(drop), Ok(()));
        assert_eq!(logs, format!("TypeError fetch failed: {text}\n"));
    }
}

#[test]
fn a_fetch_is_aborted_before_and_while_it_waits() {
    let code = "const log = e => console.log(e.name ?? e, e.code, e instanceof DOMException);
        await fetch('http://a.example', { signal: AbortSignal.abort() }).catch(log);
        await fetch('http://a.example', { signal: AbortSignal.abort('mine') }).catch(log);
        const c = new AbortController();
        const waiting = fetch('http://a.example/slow', { signal: c.signal });
        c.abort();
        await waiting.catch(log);
        console.log((await fetch('http://a.example', { signal: new AbortController().signal })).status);
        await new Request('http://a.example', { signal: c.signal }).signal.throwIfAborted()";
    let (result, logs, asked) = served(code, |_| page(200, &[], ""));
    assert_eq!(logs, "AbortError 20 true\nmine undefined false\nAbortError 20 true\n200\n");
    assert!(matches!(result, Err(ActionError::Threw(text)) if text.starts_with("AbortError")));
    // The node is not told, so it may have asked.
    assert_eq!(asked.len(), 2);
    assert!(threw("fetch('http://a.example', { signal: {} })").starts_with("TypeError: fetch: signal"));
}

#[test]
fn a_fetch_that_takes_too_long_is_aborted_by_a_timeout() {
    on_big_stack(|| {
        let mut meter = Meter::default();
        let code =
            "await fetch('http://a.example', { signal: AbortSignal.timeout(50) }).catch(e => console.log(e.name))";
        let (mut execution, progress) = Execution::start(spec(code), &mut meter);
        let Progress::Pending(calls) = progress else { panic!("a call is open") };
        // The signal's clock runs from when it was made.
        let due = execution.deadline().map_or(0, |at| (at.0 - START.0) / 1_000_000);
        assert!((50..55).contains(&due), "{due}");
        let Progress::Finished(Ok(result)) = execution.tick(START.plus_millis(60), &mut meter) else {
            panic!("the action ends")
        };
        assert_eq!(result.logs, "TimeoutError\n");
        // The answer comes when nobody waits any more.
        let late = HostAnswer::Fetch(Ok(HttpResponse::default()));
        assert_eq!(execution.resume(START.plus_millis(70), calls[0].0, late, &mut meter), Progress::Pending(vec![]));
    });
}

#[test]
fn requests_are_made_changed_and_sent() {
    let code = "const r = new Request('http://A.example/x?y#z', { method: 'put', body: 'b', headers: [['A', '1']], redirect: 'manual' });
        console.log(r.method, r.url, r.redirect, r.headers.get('a'), r.signal.aborted, r.signal === r.signal, r.bodyUsed);
        const c = r.clone();
        const d = new Request(r, { method: 'POST', headers: { b: '2' } });
        console.log(r.bodyUsed, d.method, d.headers.get('a'), d.headers.get('b'), await d.text(), await c.text());
        await fetch(new Request('http://a.example/sent', { method: 'POST', body: 'sent' }), { headers: { c: '3' } });
        try { new Request(r) } catch (e) { console.log(e.name) }
        try { new Request('http://a.example', { body: 'x' }) } catch (e) { console.log(e.name) }
        await fetch(new URL('http://a.example/url'))";
    let (result, logs, asked) = served(code, |_| page(200, &[], ""));
    assert_eq!(result.map(drop), Ok(()), "{logs}");
    assert_eq!(
        logs,
        "PUT http://a.example/x?y manual 1 false true false\ntrue POST null 2 b b\nTypeError\nTypeError\n"
    );
    assert_eq!(
        (asked[0].method.as_str(), asked[0].body.as_slice(), header(&asked[0], "c")),
        ("POST", &b"sent"[..], Some("3"))
    );
    assert_eq!(asked[1].url, "http://a.example/url");
}

#[test]
fn responses_are_made_by_scripts() {
    let code = "const r = new Response('hé', { status: 201, statusText: 'Made', headers: { a: '1' } });
        console.log(r.status, r.ok, r.statusText, r.type, r.headers.get('a'), r.headers.get('content-type'), await r.text());
        const j = Response.json({ b: 1, a: 2 }, { status: 400 });
        console.log(j.status, j.ok, j.headers.get('content-type'), await j.text());
        const m = Response.redirect('http://a.example/x', 308), e = Response.error();
        console.log(m.status, m.headers.get('location'), e.status, e.type, (await new Response().text()) === '', new Response().bodyUsed);
        console.log((await new Response(new Uint8Array([104])).text()), await new Response(new URLSearchParams('a=b')).text());
        for (const f of [() => new Response('', { status: 600 }), () => new Response('x', { status: 204 }), () => Response.redirect('x'),
            () => Response.redirect('http://a.example', 200), () => Response.json(undefined), () => new Response('', { statusText: '\\n' })])
          try { f() } catch (e) { console.log(e.name) }";
    assert_eq!(
        logs_of(code),
        "201 true Made default 1 text/plain;charset=UTF-8 hé\n400 false application/json {\"b\":1,\"a\":2}\n\
         308 http://a.example/x 0 error true false\nh a=b\n\
         RangeError\nTypeError\nTypeError\nRangeError\nTypeError\nTypeError\n"
    );
}

#[test]
fn headers_are_lists_of_fields() {
    let code = "const h = new Headers([['A', '1'], ['a', '2']]); h.set('B', ' x '); h.delete('c');
        h.forEach((v, k) => console.log(k, v)); console.log([...h.keys()].join(), [...h.values()].join('|'), h.has('B'), h.get('z'));
        console.log([...new Headers(new Map([['k', 'v']]))].join(), [...new Headers(new Headers({ q: 1 })).entries()].join());
        h.append('Set-Cookie', 'a'); h.append('set-cookie', 'b'); console.log(h.get('set-cookie'), h.getSetCookie().length)";
    assert_eq!(logs_of(code), "a 1, 2\nb x\na,b 1, 2|x true null\nk,v q,1\na, b 2\n");
    for code in [
        "new Headers({ 'a b': 'x' })",
        "new Headers({ a: 'x\\r\\ny: z' })",
        "new Headers(5)",
        "new Headers([['a']])",
        "new Headers().get.call({}, 'a')",
        "new Headers().forEach(5)",
    ] {
        assert!(threw(code).starts_with("TypeError"), "{code}");
    }
}

#[test]
fn getters_of_natives_refuse_other_objects() {
    let code = "for (const prototype of [Request.prototype, Response.prototype])
          for (const key of Object.getOwnPropertyNames(prototype)) {
            if (key === 'constructor') continue;
            const { get, value } = Object.getOwnPropertyDescriptor(prototype, key);
            for (const other of [prototype, {}, new Headers(), undefined, 5])
              try { const made = (get ?? value).call(other); await made; console.log('no error', key) }
              catch (e) { if (!(e instanceof TypeError)) console.log(key, e) }
          }";
    assert_eq!(logs_of(code), "");
}
