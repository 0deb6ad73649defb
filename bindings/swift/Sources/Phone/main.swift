// An app on a terminal: `Phone SERVER NUMBER [routed]`. It prints the states of its screen, a line each, and takes a code, `resend` or
// `cancel` from its standard input. What it says proves nothing: at the end it asks the server whether the number is proved.
// With `routed` the server has the library's own endpoints, and knows then what is proved.

import EgoiVerifyPhone
import Foundation

func show(_ line: String) {
    FileHandle.standardOutput.write(Data("\(line)\n".utf8))
}

// --8<-- [start:screen]
func words(_ state: SessionState) -> String {
    switch state {
    case .idle: "idle"
    case .sending: "sending"
    case .awaitingCode(let awaiting): "awaiting_code\(awaiting.reason.map { " \($0.rawValue)" } ?? "")"
    case .checking: "checking"
    case .verified: "verified"
    case .expired: "expired"
    case .cancelled: "cancelled"
    case .failed(let problem, let advice, _): "failed \(problem.code) \(advice.rawValue)"
    }
}
// --8<-- [end:screen]

/// Whether there is no code to give any more.
func isOver(_ state: SessionState) -> Bool {
    switch state {
    case .verified, .expired, .cancelled, .failed(_, _, awaiting: nil): true
    case .idle, .sending, .awaitingCode, .checking, .failed: false
    }
}

let isRouted = CommandLine.arguments.count == 4
guard isRouted || CommandLine.arguments.count == 3, let url = URL(string: CommandLine.arguments[1]) else {
    show("usage: Phone SERVER NUMBER")
    exit(2)
}
let shop = isRouted ? nil : try await ShopServer(at: url)
let session = VerificationSession(server: shop as (any VerificationServer)? ?? HTTPVerificationServer(url: url))

let (lines, line) = AsyncStream.makeStream(of: String.self)
// Not by `readLine`, which would keep the program from ending while it waits.
Thread.detachNewThread {
    var rest = Data()
    while case let read = FileHandle.standardInput.availableData, !read.isEmpty {
        rest += read
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            line.yield(String(decoding: rest[..<end], as: UTF8.self))
            rest = Data(rest[(end + 1)...])
        }
    }
    line.finish()
}

let states = session.states
let screen = Task {
    for await state in states {
        show(words(state))
        if isOver(state) { break }
    }
    line.finish()
}

try await session.start(CommandLine.arguments[2])
for await given in lines {
    switch given {
    case "resend": try await session.resend()
    case "cancel": try await session.cancel()
    default: try await session.submit(given)
    }
}
if isOver(session.state) { await screen.value }

guard session.state == .verified else { exit(1) }
if let shop {
    guard let proved = try await shop.provedNumber() else { exit(1) }
    show("the server says \(proved)")
}
