import EgoiVerify
import Foundation
import XCTest

/// Codes as they come out of the package: each character as often as the others, and no code twice.
final class RandomnessTests: XCTestCase {
    private let codes = ProcessInfo.processInfo.environment["EGOI_SOAK"] == "1" ? 1_000_000 : 10_000

    private func alphabet(_ codeType: CodeType) -> String {
        switch codeType {
        case .numeric: "0123456789"
        case .alpha: "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        case .alphanumeric: "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        case .hex: "0123456789ABCDEF"
        }
    }

    /// Pearson's statistic of the counts against all being equally likely.
    private func chiSquare(_ counts: [Int]) -> Double {
        let expected = Double(counts.reduce(0, +)) / Double(counts.count)
        return counts.reduce(0) { $0 + pow(Double($1) - expected, 2) / expected }
    }

    /// What the statistic passes once in 10^9 times, by Wilson and Hilferty's approximation.
    private func limit(_ characters: Int) -> Double {
        let freedom = Double(characters - 1)
        let spread = 2 / (9 * freedom)
        return freedom * pow(1 - spread + 6 * spread.squareRoot(), 3)
    }

    func testInEveryPlaceOfACodeEachCharacterComesEquallyOften() throws {
        for codeType in CodeType.allCases {
            let characters = Array(alphabet(codeType).utf8)
            var places = [[Int]](repeating: [Int](repeating: 0, count: 256), count: 6)
            for _ in 0..<codes {
                for (place, character) in try generateCode(codeType, codeSize: 6).utf8.enumerated() {
                    places[place][Int(character)] += 1
                }
            }
            for counts in places {
                let ofEach = characters.map { counts[Int($0)] }
                XCTAssertEqual(ofEach.reduce(0, +), codes, "\(codeType)")
                XCTAssertLessThan(chiSquare(ofEach), limit(characters.count), "\(codeType): \(ofEach)")
            }
            print("\(codeType): \(codes) codes")
        }
    }

    func testTheStatisticFindsTheBiasOfAByteTakenModuloTen() {
        XCTAssertGreaterThan(chiSquare((0..<10).map { ($0 < 6 ? 26 : 25) * 4_000 }), limit(10))
    }

    func testNoTwoTasksDrawTheSameCode() async throws {
        let drawn = try await withThrowingTaskGroup(of: [String].self) { group in
            for _ in 0..<8 {
                group.addTask { try (0..<500).map { _ in try generateCode(.hex, codeSize: 20) } }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        XCTAssertEqual(Set(drawn).count, 4_000)
    }
}
