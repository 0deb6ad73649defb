import EgoiVerifyPhone
import XCTest

final class FunctionsTests: XCTestCase {
    func testANumberIsReadAsPeopleWriteIt() throws {
        let read = try XCTUnwrap(PhoneNumber("910 000 000", defaultRegion: "PT"))
        XCTAssertEqual([read.e164, read.country, "\(read.type)", "\(read)"], [whole, "PT", "mobile", read.masked])
        XCTAssertEqual(read, PhoneNumber("00351-910000000"))
        XCTAssertFalse(read.masked.contains("910000000"))
        XCTAssertNil(PhoneNumber("12"))
        XCTAssertNil(PhoneNumber("910 000 000", defaultRegion: "Portugal"))
    }

    func testACodeIsReadOutOfAnSMS() {
        XCTAssertEqual(codeInSMS("Your code is 123456"), "123456")
        XCTAssertNil(codeInSMS("Your code is 123456", codeSize: 99))
        XCTAssertNil(codeInSMS("no code here"))
    }

    func testACodeIsNormalised() {
        XCTAssertEqual(normalisedCode("١٢٣-٤٥٦"), "123456")
        XCTAssertNil(normalisedCode(" - "))
    }
}
