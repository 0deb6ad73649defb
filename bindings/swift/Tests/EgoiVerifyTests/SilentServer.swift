import Foundation

#if canImport(Glibc)
import Glibc
private let stream = Int32(SOCK_STREAM.rawValue)
#else
import Darwin
private let stream = SOCK_STREAM
#endif

/// A server that reads what comes and never answers, and says when the other side ended the connection.
final class SilentServer: Sendable {
    let port: UInt16
    private let listener: Int32

    init() throws {
        (listener, port) = try Self.listening()
    }

    deinit { close(listener) }

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

    /// Tells that the first bytes of a call came, and then that its connection ended.
    func watch() -> AsyncStream<String> {
        let listener = listener
        return AsyncStream { events in
            Thread.detachNewThread {
                let connection = accept(listener, nil, nil)
                var bytes = [UInt8](repeating: 0, count: 4096)
                var wasSeen = false
                while recv(connection, &bytes, bytes.count, 0) > 0 {
                    if !wasSeen { events.yield("seen") }
                    wasSeen = true
                }
                close(connection)
                events.yield("ended")
                events.finish()
            }
        }
    }
}
