//! A clock for tests.

use std::sync::Arc;
use std::time::Duration;

use egoi_verify::Clock as _;
use pyo3::prelude::*;

use crate::convert::{Seconds, read};
use crate::failure::guarded;

#[pyclass(frozen, module = "egoi_verify._native")]
#[derive(Default)]
pub(crate) struct TestClock(pub(crate) Arc<egoi_verify::TestClock>);

#[pymethods]
impl TestClock {
    #[new]
    fn new() -> Self {
        Self::default()
    }

    fn advance(&self, py: Python<'_>, by: &Bound<'_, PyAny>) -> PyResult<()> {
        let by: Seconds = read("by", by)?;
        guarded(py, || {
            self.0.advance(by.of("by")?);
            Ok(())
        })
    }

    fn freeze(&self, frozen: bool) {
        self.0.freeze(frozen);
    }

    /// Seconds since 1970.
    fn now(&self) -> f64 {
        Duration::from_millis(self.0.now().0).as_secs_f64()
    }
}
