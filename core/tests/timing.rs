//! That the time a validation takes tells nothing of the code: wrong codes that share nearly all of the right one against
//! wrong ones that share nothing, by Welch's t over interleaved samples (as in "dude, is my code constant time?",
//! Reparaz, Balasch and Verbauwhede, 2017), beside a comparison of the same codes that leaks.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support {
    pub(crate) mod soak;
}

use std::fmt::Write as _;
use std::hint::black_box;
use std::io::Write as _;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use egoi_verify::{
    CodeType, Engine, EngineOptions, Error, ErrorCode, Outcome, OutgoingSms, RequestOptions, ValidateOptions,
};
use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};

use support::soak;

/// What is submitted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Class {
    /// A wrong code, all of it right but its last character.
    Near,
    /// A wrong code, all of it right but its first character.
    Far,
    /// As `Near` and `Far`, but it is a comparison that is timed which ends at the first difference.
    LeakyNear,
    LeakyFar,
    Right,
    /// For an id that there is not.
    UnknownId,
    /// For another number than the request's.
    OtherNumber,
}

const CLASSES: [Class; 7] =
    [Class::Near, Class::Far, Class::LeakyNear, Class::LeakyFar, Class::Right, Class::UnknownId, Class::OtherNumber];

/// A difference beyond chance, were the samples of one run all there is; a run beside other programs can pass it.
const BEYOND_CHANCE: f64 = 10.0;
/// How many runs must say the same.
const AGREEING: usize = 4;
const MAX_RUNS: usize = 12;

/// Nothing here waits: a store in memory responds at once.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => panic!("an engine in memory waited"),
    }
}

/// The comparison that a library must not make.
#[inline(never)]
fn leaky_eq(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| black_box(one) == black_box(other))
}

/// Nanoseconds of so many validations of each class, in an order drawn anew for each sample.
fn run(samples: usize, random: &mut SmallRng) -> Vec<(Class, f64)> {
    let texts: Arc<Mutex<Vec<String>>> = Arc::default();
    let sent = Arc::clone(&texts);
    let send = move |sms: OutgoingSms| {
        sent.lock().unwrap().push(sms.text.to_string());
        std::future::ready(Ok(()))
    };
    let engine = Engine::new(
        send,
        EngineOptions::default().sms_per_number(None).wrong_codes_per_number(None).resend_after(None),
    )
    .unwrap();
    let mut inputs = Vec::with_capacity(samples * CLASSES.len());
    for place in 0..samples * CLASSES.len() {
        let wanted = RequestOptions::default().message("{CODE}").code_type(CodeType::Numeric).code_size(20);
        let id = at_once(engine.request("351-910000000", wanted)).unwrap().id;
        let right = texts.lock().unwrap().pop().unwrap();
        inputs.push((CLASSES[place % CLASSES.len()], id, right));
    }
    for last in (1..inputs.len()).rev() {
        inputs.swap(last, random.random_range(0..=last));
    }
    let mut took = Vec::with_capacity(inputs.len());
    for (class, id, right) in &inputs {
        let mut given = right.clone().into_bytes();
        let changed = match class {
            Class::Near | Class::LeakyNear => Some(given.len() - 1),
            Class::Far | Class::LeakyFar => Some(0),
            Class::Right | Class::UnknownId | Class::OtherNumber => None,
        };
        if let Some(at) = changed {
            given[at] = b'0' + (given[at] - b'0' + 1) % 10;
        }
        let given = String::from_utf8(given).unwrap();
        let unknown = format!("{:032x}", random.random::<u128>());
        let id = if *class == Class::UnknownId { &unknown } else { id };
        let number = if *class == Class::OtherNumber { "351-919999999" } else { "351-910000000" };
        let options = ValidateOptions::default().number(number);

        let mut started = Instant::now();
        let outcome = at_once(engine.validate(black_box(id), black_box(&given), options));
        if matches!(class, Class::LeakyNear | Class::LeakyFar) {
            started = Instant::now();
            black_box(leaky_eq(black_box(given.as_bytes()), black_box(right.as_bytes())));
        }
        took.push((*class, started.elapsed().as_nanos() as f64));
        assert_is_of(*class, outcome);
    }
    took
}

fn assert_is_of(class: Class, outcome: Result<Outcome, Error>) {
    match class {
        Class::Right => assert_eq!(outcome.ok(), Some(Outcome::Verified)),
        Class::UnknownId | Class::OtherNumber => assert_eq!(outcome.unwrap_err().code(), ErrorCode::NotFound),
        _ => assert_eq!(outcome.ok(), Some(Outcome::WrongCode)),
    }
}

fn of_class(took: &[(Class, f64)], class: Class) -> Vec<f64> {
    took.iter().filter(|(of, _)| *of == class).map(|(_, nanoseconds)| *nanoseconds).collect()
}

/// Both without the slowest tenth of the two together: what took long was interrupted.
fn cropped(one: Vec<f64>, other: Vec<f64>) -> [Vec<f64>; 2] {
    let mut sorted = [one.as_slice(), &other].concat();
    sorted.sort_by(f64::total_cmp);
    let slowest = sorted[sorted.len() * 9 / 10];
    [one, other].map(|samples| samples.into_iter().filter(|sample| *sample <= slowest).collect())
}

fn mean_and_variance(samples: &[f64]) -> (f64, f64) {
    let mean = samples.iter().sum::<f64>() / samples.len() as f64;
    (mean, samples.iter().map(|sample| (sample - mean).powi(2)).sum::<f64>() / (samples.len() - 1) as f64)
}

fn welch(one: Vec<f64>, other: Vec<f64>) -> f64 {
    let [one, other] = cropped(one, other);
    let ((one_mean, one_variance), (other_mean, other_variance)) = (mean_and_variance(&one), mean_and_variance(&other));
    (one_mean - other_mean) / (one_variance / one.len() as f64 + other_variance / other.len() as f64).sqrt()
}

fn median(mut samples: Vec<f64>) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples[samples.len() / 2]
}

/// How many runs agree on a difference in one direction.
fn agreeing(statistics: &[f64]) -> usize {
    let beyond = |sign: f64| statistics.iter().filter(|t| **t * sign > BEYOND_CHANCE).count();
    beyond(1.0).max(beyond(-1.0))
}

#[test]
fn how_much_of_a_wrong_code_is_right_does_not_show_in_the_time_and_would_with_a_leaky_comparison() {
    let samples = usize::try_from(soak::count(1_000, 50_000)).unwrap();
    let mut random = SmallRng::seed_from_u64(1);
    let (mut library, mut leaky, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    let mut report = String::new();
    // As many runs as it takes the leak to show: on a machine that does much else that can be several.
    while agreeing(&leaky) < AGREEING && leaky.len() < MAX_RUNS {
        let took = run(samples, &mut random);
        let of = |class| of_class(&took, class);
        library.push(welch(of(Class::Near), of(Class::Far)));
        leaky.push(welch(of(Class::LeakyNear), of(Class::LeakyFar)));
        let medians = CLASSES.map(|class| (class, median(of(class))));
        let slowest_and_fastest =
            medians.iter().filter(|(class, _)| !matches!(class, Class::LeakyNear | Class::LeakyFar));
        let [low, high] = [f64::min, f64::max]
            .map(|best| slowest_and_fastest.clone().map(|(_, nanoseconds)| *nanoseconds).reduce(best).unwrap());
        ratios.push(high / low);
        writeln!(
            report,
            "t {:.1}, leaky {:.1}; medians {medians:?} ns",
            library.last().unwrap(),
            leaky.last().unwrap()
        )
        .unwrap();
    }
    let _ = write!(std::io::stdout(), "timing, {samples} samples of each class a run:\n{report}");
    assert!(agreeing(&leaky) >= AGREEING, "the leak did not show, so that this could show none:\n{report}");
    assert!(agreeing(&library) < AGREEING, "the time tells how much of a wrong code is right:\n{report}");
    // That is told by the response, and no secret: but nothing is looked up in place of the work for the others.
    let usual = median(ratios.clone());
    assert!(usual < 2.0, "right, wrong, unknown and another number's take {usual:.2} times as long:\n{report}");
}
