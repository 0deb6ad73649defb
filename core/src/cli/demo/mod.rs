//! The article, played over real HTTP.

mod printer;
mod recorder;
mod story;

use std::time::Instant;

use egoi_verify::{Api, Error, Sandbox};

use super::exit::Exit;
use super::output::Output;
use printer::{Printer, Style};
use story::{Fault, Story};

/// The codes are the same in every run, so that no run has two that are alike by chance.
const SEED: u64 = 2023;

pub(crate) async fn run(output: &Output) -> Result<Exit, Error> {
    let started = Instant::now();
    let sandbox = Sandbox::start(story::account().seed(SEED)).await?;
    // Nobody waits for a code to expire: the time stands still and is moved.
    sandbox.clock().freeze(true);

    let mut printer = Printer::new(output.json);
    let done = both(&sandbox, &mut printer).await;
    let (exchanges, messages) = printer.counted();
    printer.gap();
    match done {
        Ok(()) => {
            let time = started.elapsed().as_secs_f64();
            printer.text(
                Style::Good,
                "",
                &format!(
                    "✓ All as the article and the published clients say: {exchanges} exchanges over HTTP, {messages} SMS, {time:.1} seconds."
                ),
            );
            let through_cargo = std::env::var_os("CARGO").is_some();
            let command = if through_cargo { "cargo run --features cli -- sandbox" } else { "egoi-verify sandbox" };
            printer.text(Style::Plain, "  ", &format!("The same sandbox for you to play with: {command}"));
            printer.finish(None)?;
            Ok(Exit::Done)
        }
        Err(Fault(fault)) => {
            printer.text(Style::Bad, "", &format!("✗ Not as it should be: {fault}"));
            printer.finish(Some(&fault))?;
            Ok(Exit::Internal)
        }
    }
}

async fn both(sandbox: &Sandbox, printer: &mut Printer) -> Result<(), Fault> {
    printer.text(Style::Plain, "", &format!(
        "A business wants to know whether {} belongs to the person in front of it. It asks E-goi Verify, which sends a \
         code there by SMS, and the person gives the code back. Here a sandbox on this machine plays E-goi. What you see \
         are the real bytes between it and the library: → goes out, ← comes back, the API key masked.",
        story::NUMBER,
    ));
    printer.part(
        "v1",
        "V1, the interface of E-goi's article",
        "The payloads are the article's own. The paths are assumed: it \
                     shows none.",
    );
    Story::new(Api::V1, sandbox, printer).await?.v1().await?;
    printer.part(
        "v2",
        "V2, the interface of E-goi's published clients",
        "The same story in V2's words, with the key in a \
                     header. A request can be read, and its code sent anew.",
    );
    Story::new(Api::V2, sandbox, printer).await?.v2().await
}

#[cfg(test)]
mod tests {
    use egoi_verify::{Fault as Failure, FaultCall};

    use super::*;

    /// What the demo has to say against this sandbox.
    async fn fault(sandbox: &Sandbox) -> Option<String> {
        sandbox.clock().freeze(true);
        // In JSON, of which nothing is written before the end.
        both(sandbox, &mut Printer::new(true)).await.err().map(|Fault(fault)| fault)
    }

    fn options() -> egoi_verify::SandboxOptions {
        story::account().seed(SEED)
    }

    #[tokio::test]
    async fn a_service_that_is_as_it_should_be_has_no_fault() -> Result<(), Error> {
        assert_eq!(fault(&Sandbox::start(options()).await?).await, None);
        Ok(())
    }

    #[tokio::test]
    async fn a_code_of_another_size_is_a_fault() -> Result<(), Error> {
        let found = fault(&Sandbox::start(options().code("12345")).await?).await;
        assert_eq!(found.as_deref(), Some("whether the code has 4 digits is (5, true), and should be (4, true)"));
        Ok(())
    }

    #[tokio::test]
    async fn an_old_code_that_still_works_is_a_fault() -> Result<(), Error> {
        let found = fault(&Sandbox::start(options().code("1234")).await?).await;
        assert_eq!(
            found.as_deref(),
            Some("the state after is String(\"verified\"), and should be String(\"pending\")")
        );
        Ok(())
    }

    #[tokio::test]
    async fn a_call_that_fails_is_a_fault() -> Result<(), Error> {
        let sandbox = Sandbox::start(options()).await?;
        sandbox.fail_next(Failure { call: Some(FaultCall::Cancel), status: Some(500), ..Failure::default() })?;
        assert!(fault(&sandbox).await.is_some_and(|found| found.starts_with("a call failed with unavailable: ")));
        Ok(())
    }

    #[tokio::test]
    async fn an_answer_that_is_not_the_contract_is_a_fault() -> Result<(), Error> {
        assert!(fault(&Sandbox::start(options().v2_words(true)).await?).await.is_some());
        Ok(())
    }
}
