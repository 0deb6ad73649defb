internal import EgoiVerifyNative
import Foundation

/// The value of an option, as the native module takes it. An option that is `nil` has core's default.
protocol SettingValue {
    var setting: NativeSetting? { get }
}

/// Options by their names in the core.
func settings(_ options: [String: (any SettingValue)?]) -> [String: NativeSetting] {
    options.compactMapValues { $0?.setting }
}

extension Bool: SettingValue {
    var setting: NativeSetting? { .flag(value: self) }
}

extension Int: SettingValue {
    var setting: NativeSetting? { .whole(value: Int64(self)) }
}

extension TimeInterval: SettingValue {
    var setting: NativeSetting? { .number(value: self) }
}

extension String: SettingValue {
    var setting: NativeSetting? { .text(value: self) }
}

extension Data: SettingValue {
    var setting: NativeSetting? { .bytes(value: self) }
}

extension Array: SettingValue where Element: SettingValue {
    var setting: NativeSetting? { .each(values: compactMap(\.setting)) }
}

extension [String: String]: SettingValue {
    var setting: NativeSetting? { .named(values: settings(self)) }
}

extension API: SettingValue {
    var setting: NativeSetting? { rawValue.setting }
}

extension Accept: SettingValue {
    var setting: NativeSetting? { rawValue.setting }
}

extension SMSEncoding: SettingValue {
    var setting: NativeSetting? { rawValue.setting }
}

extension Trust: SettingValue {
    var setting: NativeSetting? { rawValue.setting }
}

extension Limit: SettingValue where Value: SettingValue {
    var setting: NativeSetting? {
        switch self {
        case .standard: nil
        case .off: .null
        case .at(let limit): limit.setting
        }
    }
}

extension Quota: SettingValue {
    var setting: NativeSetting? { .named(values: settings(["limit": limit, "per": per])) }
}

extension PrefixQuota: SettingValue {
    var setting: NativeSetting? {
        .named(values: settings(["limit": limit, "per": per, "last_digits": lastDigits]))
    }
}

extension Store: SettingValue {
    var setting: NativeSetting? {
        .named(
            values: settings([
                "url": url, "key": key, "previous_keys": previousKeys, "retention": retention, "pool_size": poolSize,
                "ca_certificates": caCertificates,
            ]))
    }
}
