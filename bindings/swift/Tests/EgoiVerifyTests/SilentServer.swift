import EgoiVerify
import Foundation

#if canImport(Glibc)
import Glibc
private let stream = Int32(SOCK_STREAM.rawValue)
#else
import Darwin
private let stream = SOCK_STREAM
#endif

/// A server that reads what comes, one connection after another, and says when the other side ended each. Unless it is
/// given an answer, it never answers.
final class SilentServer: Sendable {
    let port: UInt16
    private let listener: Int32

    init() throws {
        (listener, port) = try Self.listening()
    }

    deinit {
        // Closing alone would not wake whoever accepts.
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    func client() throws -> Client {
        var options = ClientOptions(apiKey: "key", sender: "1")
        options.baseURL = "http://127.0.0.1:\(port)/api"
        return try Client(options)
    }

    static func freePort() throws -> UInt16 {
        let (listener, port) = try listening()
        close(listener)
        return port
    }

    private static func listening() throws -> (Int32, UInt16) {
        let listener = socket(AF_INET, stream, 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && listen(listener, 1) == 0 && getsockname(listener, $0, &length) == 0
            }
        }
        guard bound else { throw POSIXError(.EADDRNOTAVAIL) }
        return (listener, UInt16(bigEndian: address.sin_port))
    }

    /// Tells of each connection that its first bytes came, and then that it ended. Every request, none of which may have a
    /// body, is answered with this JSON.
    func watch(answering json: String? = nil) -> AsyncStream<String> {
        let listener = listener
        let answer = json.map {
            Array("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: \($0.utf8.count)\r\n\r\n\($0)".utf8)
        }
        return AsyncStream { events in
            Thread.detachNewThread {
                while true {
                    let connection = accept(listener, nil, nil)
                    // The listener was closed.
                    if connection < 0 { break }
                    var bytes = [UInt8](repeating: 0, count: 4096)
                    var wasSeen = false
                    while recv(connection, &bytes, bytes.count, 0) > 0 {
                        if !wasSeen { events.yield("seen") }
                        wasSeen = true
                        if let answer { send(connection, answer, answer.count, 0) }
                    }
                    close(connection)
                    events.yield("ended")
                }
                events.finish()
            }
        }
    }
}
