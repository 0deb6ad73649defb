// Reads of a request over V2, by this library and by what else there is in Swift: `Bench PLAIN-URL TLS-URL CERTIFICATE ROUNDS`.
// Each way has its turn in each round, another one first each time, so that whatever else the machine does meets both alike.
// Writes the records of benches/README.md.

import EgoiVerify
import Foundation

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

let key = "0123456789abcdef0123456789abcdef01234567"
let id = "9a7c0de1f2b34455a6b7c8d9e0f10213"

typealias Read = @Sendable () async throws -> String

func egoiVerify(_ base: String, _ certificate: Data?) throws -> Read {
    var options = ClientOptions(apiKey: key, sender: "1234")
    options.baseURL = base
    options.caCertificates = certificate
    let client = try Client(options)
    return { try await client.get(id).id }
}

/// As one writes it: one session, as many connections as calls at once, the answer as a value.
func urlSession(_ base: String) throws -> Read {
    struct Known: Decodable {
        let id: String
        let status: String
        let recipientNumber: String
        let createDate: String
        let codeTTL: Int
    }
    let configuration = URLSessionConfiguration.default
    configuration.httpMaximumConnectionsPerHost = 64
    configuration.timeoutIntervalForRequest = 15
    configuration.httpAdditionalHeaders = ["ApiKey": key, "Accept": "application/json"]
    configuration.urlCache = nil
    let session = URLSession(configuration: configuration)
    guard let url = URL(string: "\(base)/v2/verify/\(id)") else { throw URLError(.badURL) }
    return {
        let (data, response) = try await session.data(from: url)
        guard (response as? HTTPURLResponse)?.statusCode == 200 else { throw URLError(.badServerResponse) }
        return try JSONDecoder().decode(Known.self, from: data).id
    }
}

struct Cost {
    let time, processor: Double
}

func processorNanoseconds() -> Double {
    var spent = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent)
    return Double(spent.tv_sec) * 1e9 + Double(spent.tv_nsec)
}

/// Of one read, in ns.
func cost(of read: @escaping Read, atOnce: Int, each: Int) async throws -> Cost {
    let (started, spent) = (ContinuousClock.now, processorNanoseconds())
    try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<atOnce {
            group.addTask {
                for _ in 0..<each {
                    guard try await read() == id else { throw URLError(.cannotParseResponse) }
                }
            }
        }
        try await group.waitForAll()
    }
    let took = (ContinuousClock.now - started).components
    let time = Double(took.seconds) * 1e9 + Double(took.attoseconds) / 1e9
    let reads = Double(atOnce * each)
    return Cost(time: time / reads, processor: (processorNanoseconds() - spent) / reads)
}

struct Record: Encodable {
    var name = "swift-client"
    let settings, measure: String
    var unit = "ns"
    let ours: [Double]
    let others: [String: [Double]]
    var floors: [String: [Double]] = [:]
    let versions: String
}

let arguments = CommandLine.arguments
guard arguments.count == 5, let rounds = Int(arguments[4]) else {
    FileHandle.standardError.write(Data("usage: Bench PLAIN-URL TLS-URL CERTIFICATE ROUNDS\n".utf8))
    exit(2)
}
let certificate = try Data(contentsOf: URL(fileURLWithPath: arguments[3]))
#if compiler(>=6.1)
let versions = "Swift 6.1 or newer, URLSession of its Foundation"
#else
let versions = "Swift 6.0, URLSession of its Foundation"
#endif

var records: [Record] = []
// A session of Swift 6.0 that is released while a connection of it is kept ends the process.
var kept: [Read] = []
for (over, base) in [("plain", arguments[1]), ("TLS", arguments[2])] {
    for atOnce in [1, 64] {
        let ways = try [egoiVerify(base, over == "TLS" ? certificate : nil), urlSession(base)]
        kept += ways
        var costs: [[Cost]] = [[], []]
        // One round, to warm up, is not counted; a single one is a look whether all of it runs.
        let each = rounds == 1 ? 2 : atOnce == 1 ? 1_000 : 32
        for round in 0...rounds {
            for turn in 0..<ways.count {
                let way = (round + turn) % ways.count
                let cost = try await cost(of: ways[way], atOnce: atOnce, each: each)
                if round > 0 { costs[way].append(cost) }
            }
        }
        for (measure, part) in [("time", \Cost.time), ("processor time", \Cost.processor)] {
            records.append(
                Record(
                    settings: "\(over), \(atOnce == 1 ? "one at a time" : "64 at once")", measure: measure,
                    ours: costs[0].map { $0[keyPath: part] },
                    others: ["URLSession": costs[1].map { $0[keyPath: part] }],
                    versions: versions))
        }
    }
}
let encoder = JSONEncoder()
encoder.outputFormatting = [.sortedKeys]
FileHandle.standardOutput.write(try encoder.encode(records))
