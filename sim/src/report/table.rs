//! The table that `litsim run` prints.

use lit_node::bugs::Bug;
use owo_colors::{OwoColorize, Style as Paint};
use std::fmt::Write;

use super::json::{hex, scheme_name};
use crate::outcome::{RequestReport, RunReport, Verdict};
use crate::plan::FaultPlan;

/// How to print.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// With ANSI colours.
    pub color: bool,
    /// With keys, signatures, responses and logs of each step.
    pub verbose: bool,
}

impl Style {
    fn paint(self, text: &str, paint: Paint) -> String {
        if self.color { text.style(paint).to_string() } else { text.to_owned() }
    }
}

/// A run for people: every step, then the network, the faults and the verdict.
pub fn table(report: &RunReport, plan: &FaultPlan, style: Style) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write_table(&mut out, report, plan, style);
    out
}

fn write_table(out: &mut String, report: &RunReport, plan: &FaultPlan, style: Style) -> std::fmt::Result {
    let title = style.paint(&report.scenario, Paint::new().bold());
    writeln!(out, "{title}  seed {}", report.seed)?;
    if !report.bugs.is_empty() {
        let names = report.bugs.iter().map(Bug::name).collect::<Vec<_>>().join(", ");
        writeln!(out, "{}", style.paint(&format!("  planted bugs: {names}"), Paint::new().yellow()))?;
    }
    write_steps(out, report, style)?;
    writeln!(out)?;
    writeln!(
        out,
        "  nodes          {}, threshold {}, preprocessing {}",
        report.nodes, report.threshold, report.preprocessing
    )?;
    writeln!(
        out,
        "  network        {} messages, {} bytes, {} events in {} of virtual time",
        grouped(report.messages),
        grouped(report.bytes),
        grouped(report.events),
        seconds(report.virtual_ms)
    )?;
    write_faults(out, report, plan, style)?;
    for culprit in &report.culprits {
        let nodes = culprit.named_by.iter().map(|node| node.0.to_string());
        let by: Vec<String> = nodes.chain(culprit.clients.iter().map(|client| one_line(client))).collect();
        let evidence = &culprit.evidence;
        writeln!(out, "  culprit        {} ({evidence}), named by {}", culprit.node, by.join(", "))?;
    }
    let blame = report.blame();
    if !report.faults.liars.is_empty() || !blame.honest_named.is_empty() {
        writeln!(
            out,
            "  blame          {} of {} liars proved wrong, {} of {} others",
            blame.liars_named.len(),
            report.faults.liars.len(),
            blame.honest_named.len(),
            blame.honest_named.len() + usize::from(blame.honest_unnamed)
        )?;
    }
    for suspect in &report.suspects {
        let by: Vec<String> = suspect.suspected_by.iter().map(|node| node.0.to_string()).collect();
        writeln!(out, "  waited for     {}, by {}", suspect.node, by.join(", "))?;
    }
    for violation in &report.violations {
        let line = format!("{} at {}: {}", violation.oracle, seconds(violation.at_ms), violation.detail);
        writeln!(out, "  violation      {}", style.paint(&line, Paint::new().red()))?;
    }
    if let Some(profile) = &report.profile {
        for (operation, count) in profile {
            writeln!(out, "  {operation:<14} {}", grouped(*count))?;
        }
    }
    writeln!(out, "  digest         {}", hex(&report.digest))?;
    if let Some(missed) = &report.missed {
        writeln!(out, "  missed         {}", one_line(missed))?;
    }
    writeln!(out, "  verdict        {}", verdict(report, style))
}

fn verdict(report: &RunReport, style: Style) -> String {
    let name = report.verdict.name();
    match (report.verdict, report.expected) {
        (Verdict::Pass, true) => style.paint(name, Paint::new().green().bold()),
        (_, true) => style.paint(&format!("{name}, as expected"), Paint::new().green().bold()),
        (_, false) => style.paint(&format!("{name}, not as expected"), Paint::new().red().bold()),
    }
}

fn write_steps(out: &mut String, report: &RunReport, style: Style) -> std::fmt::Result {
    let width = |column: fn(&RequestReport) -> usize| report.requests.iter().map(column).max().unwrap_or(0);
    let (id, kind, client) = (width(|r| r.id.len()), width(|r| r.kind.len()), width(|r| r.client.len()));
    let mut act = "";
    let mut milestones = report.milestones.iter().peekable();
    for request in &report.requests {
        if request.act != act {
            act = &request.act;
            writeln!(out, "\n  {}", style.paint(act, Paint::new().bold()))?;
        }
        while let Some(milestone) = milestones.next_if(|milestone| milestone.at_ms <= request.finished_ms) {
            let line = format!("  . {:>9}  {}", seconds(milestone.at_ms), milestone.text);
            writeln!(out, "{}", style.paint(&line, Paint::new().dimmed()))?;
        }
        let (sign, paint) = if request.expected { ("+", Paint::new().green()) } else { ("!", Paint::new().red()) };
        writeln!(
            out,
            "  {} {:<id$}  {:<kind$}  {:<client$}  {:>9} .. {:>9}  {}",
            style.paint(sign, paint),
            request.id,
            request.kind,
            request.client,
            seconds(request.started_ms),
            seconds(request.finished_ms),
            style.paint(request.outcome.name(), paint),
        )?;
        if let Some(error) = &request.error {
            writeln!(out, "      {}", one_line(error))?;
        }
        if style.verbose {
            write_details(out, request)?;
        }
    }
    Ok(())
}

fn write_details(out: &mut String, request: &RequestReport) -> std::fmt::Result {
    if let Some(address) = &request.eth_address {
        writeln!(out, "      address {}", hex(address))?;
    }
    if let Some(response) = &request.response {
        writeln!(out, "      response {}", one_line(response))?;
    }
    if let Some(logs) = request.logs.as_deref().filter(|logs| !logs.is_empty()) {
        writeln!(out, "      logs {}", one_line(logs))?;
    }
    for signature in &request.signatures {
        let scheme = scheme_name(signature.scheme);
        writeln!(out, "      {} {scheme} {}", signature.name, hex(&signature.signature))?;
    }
    Ok(())
}

fn write_faults(out: &mut String, report: &RunReport, plan: &FaultPlan, style: Style) -> std::fmt::Result {
    if plan.events.is_empty() {
        return Ok(());
    }
    let faults = &report.faults;
    writeln!(out, "  faults         {} of {} fired", faults.fired.len(), faults.declared.len())?;
    for event in &plan.events {
        let fired = faults.fired.contains(&event.id.0);
        let (sign, paint) = if fired { ("+", Paint::new().green()) } else { ("!", Paint::new().red()) };
        let rest = if fired { "" } else { " (never fired)" };
        writeln!(out, "    {} {event}{rest}", style.paint(sign, paint))?;
    }
    Ok(())
}

/// Milliseconds as seconds, exactly.
fn seconds(ms: u64) -> String {
    format!("{}.{:03} s", ms / 1000, ms % 1000)
}

/// A number with its thousands apart.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let head = digits.len() % 3;
    let mut out = digits[..head].to_owned();
    for chunk in digits.as_bytes()[head..].chunks(3) {
        if !out.is_empty() {
            out.push(',');
        }
        out.extend(chunk.iter().map(|digit| char::from(*digit)));
    }
    out
}

/// Text of scripts and peers must not move the cursor or colour the terminal.
fn one_line(text: &str) -> String {
    const SHOWN_MAX: usize = 160;
    let mut line: String =
        text.chars().take(SHOWN_MAX).map(|c| if c.is_control() || is_bidi(c) { ' ' } else { c }).collect();
    if text.chars().count() > SHOWN_MAX {
        line.push_str("...");
    }
    line
}

/// Marks that change the direction of what a terminal shows (Unicode standard annex 9).
fn is_bidi(c: char) -> bool {
    matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
