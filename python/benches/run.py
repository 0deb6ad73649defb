"""Everything that is measured in Python. Each part runs alone too, where ``EGOI_BENCH_RESULTS`` names a folder."""

import codes
import engine
import exchange
import start

if __name__ == "__main__":
    exchange.main()
    engine.measure()
    codes.measure()
    start.measure()
