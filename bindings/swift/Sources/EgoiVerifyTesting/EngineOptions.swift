public import EgoiVerify

extension EngineOptions {
    /// The same options, going by this clock.
    public func with(_ clock: TestClock) -> EngineOptions {
        var options = self
        options.clock = clock.native
        return options
    }
}
