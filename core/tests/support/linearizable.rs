//! Whether what several processes were told is what the model says in some order that agrees with the time.
//!
//! Requests have nothing in common here (no limit of a number holds), so that each has a history of its own.

use std::fmt::Write as _;

use egoi_verify::store::{Attempt, Limits};
use stateright::semantics::{ConsistencyTester as _, LinearizabilityTester, SequentialSpec};

use super::calls::{
    ByRequest, Call, Made, Most, NOW, counted, hand_over_end, new_request, said_of_created, said_of_resending,
};
use super::conformance::code as digest_of;
use super::model::Model;

#[derive(Clone)]
struct Request {
    model: Model,
    most: Most,
}

impl SequentialSpec for Request {
    type Op = Call;
    type Ret = String;

    fn invoke(&mut self, call: &Call) -> String {
        let (model, limits) = (&mut self.model, self.most.limits());
        match *call {
            Call::Create { id, to, code, key } => {
                said_of_created(&model.create(new_request(id, to, code, key, limits), NOW))
            }
            Call::Validate { id, code } => {
                let attempt = Attempt { id: 0, codes: &[digest_of(code)], number: None, client: None, limits };
                format!("{:?}", model.validate(id, &attempt, NOW).map(|details| details.outcome))
            }
            Call::Cancel { id } => {
                format!("{:?}", model.cancel(id, &Limits::NONE, NOW))
            }
            Call::Resend { id, code } => said_of_resending(model.resend(id, digest_of(code), &limits, NOW).as_ref()),
            Call::Settle { id, delivery, is_sent } => {
                model.record_delivery(id, delivery, hand_over_end(is_sent), &counted(limits), NOW);
                String::new()
            }
            Call::Get { id } => format!("{:?}", model.get(id, NOW).map(|stored| (stored.record, stored.sms))),
            Call::Claim { .. } | Call::CountAttempt => unreachable!("a client's key belongs to no request"),
        }
    }
}

/// Fails with the history that no order explains.
pub(crate) fn assert_linearizable(histories: &ByRequest, most: Most) {
    for (id, history) in histories {
        assert!(is_linearizable(history, most), "request {id}:{}", told(history));
    }
}

pub(crate) fn is_linearizable(history: &[Made], most: Most) -> bool {
    let mut tester = LinearizabilityTester::new(Request { model: Model::new(u64::MAX), most });
    // Each call is a thread of its own: one that failed may still be done later, and its caller goes on.
    let mut events: Vec<(u64, bool, usize)> = Vec::new();
    for (i, made) in history.iter().enumerate() {
        events.push((made.began, false, i));
        events.extend(made.answer.as_ref().map(|(at, _)| (*at, true, i)));
    }
    // At the same nanosecond they overlap: what begins comes first.
    events.sort_unstable();
    for (_, has_ended, i) in events {
        let made = &history[i];
        match &made.answer {
            Some((_, answer)) if has_ended => tester.on_return(i, answer.clone()).map(|_| ()).unwrap(),
            _ => tester.on_invoke(i, made.call).map(|_| ()).unwrap(),
        }
    }
    tester.is_consistent()
}

fn told(history: &[Made]) -> String {
    let mut sorted: Vec<_> = history.iter().collect();
    sorted.sort_by_key(|made| made.began);
    let mut told = String::new();
    for Made { call, began, answer, failure } in sorted {
        let _ = write!(told, "\n  from {began} {call:?}: {answer:?} {failure:?}");
    }
    told
}
