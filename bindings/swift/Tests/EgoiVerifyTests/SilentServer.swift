import EgoiVerify
import Foundation

#if canImport(Glibc)
import Glibc
private let stream = Int32(SOCK_STREAM.rawValue)
#else
import Darwin
private let stream = SOCK_STREAM
#endif

/// A socket that listens on a port of this machine which nobody else has.
final class Listener: Sendable {
    let port: UInt16
    private let descriptor: Int32

    init() throws {
        let descriptor = socket(AF_INET, stream, 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && listen(descriptor, 64) == 0
                    && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard bound else { throw POSIXError(.EADDRNOTAVAIL) }
        self.descriptor = descriptor
        port = UInt16(bigEndian: address.sin_port)
    }

    deinit { close(descriptor) }

    /// The next connection; none where the listener was stopped.
    func connection() -> Int32? {
        let connection = accept(descriptor, nil, nil)
        return connection < 0 ? nil : connection
    }

    /// Closing alone would not wake whoever accepts.
    func stop() {
        shutdown(descriptor, Int32(SHUT_RDWR))
    }
}

/// A server that reads what comes, one connection after another, and says when the other side ended each. Unless it is
/// given a response, it never responds.
final class SilentServer: Sendable {
    private let listener: Listener

    init() throws {
        listener = try Listener()
    }

    deinit { listener.stop() }

    func client() throws -> Client {
        var options = ClientOptions(apiKey: "key", sender: "1")
        options.baseURL = "http://127.0.0.1:\(listener.port)/api"
        return try Client(options)
    }

    /// Tells of each connection that its first bytes came, and then that it ended. Every request, none of which may have a
    /// body, is answered with this JSON.
    func watch(answering json: String? = nil) -> AsyncStream<String> {
        let listener = listener
        let response = json.map {
            Array(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: \($0.utf8.count)\r\n\r\n\($0)"
                    .utf8)
        }
        return AsyncStream { events in
            Thread.detachNewThread {
                while let connection = listener.connection() {
                    var bytes = [UInt8](repeating: 0, count: 4096)
                    var wasSeen = false
                    while recv(connection, &bytes, bytes.count, 0) > 0 {
                        if !wasSeen { events.yield("seen") }
                        wasSeen = true
                        if let response { send(connection, response, response.count, 0) }
                    }
                    close(connection)
                    events.yield("ended")
                }
                events.finish()
            }
        }
    }
}
