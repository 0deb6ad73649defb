// The README's example with swift-log.
import EgoiVerify
import Logging

func logCalls() {
    let logger = Logger(label: "egoi-verify")
    CallEvents.observe { event in
        logger.log(level: event.errorCode == nil ? .info : .error, "\(event)")
    }
}
