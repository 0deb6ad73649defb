// In the place of SwiftUI and Combine, which Linux has not: what the screen of the documentation uses of them, with their names and
// types. ReadmeTests compiles the screen with it.

import Foundation

@MainActor
protocol View {
    associatedtype Body: View
    @ViewBuilder var body: Body { get }
}

extension Never: View {
    var body: Never { return fatalError("nothing is drawn here") }
}

struct Drawn: View {
    var body: Never { return fatalError("nothing is drawn here") }
}

@resultBuilder
struct ViewBuilder {
    @MainActor static func buildExpression(_: some View) -> Drawn { Drawn() }
    static func buildBlock(_: Drawn...) -> Drawn { Drawn() }
    static func buildEither(first: Drawn) -> Drawn { first }
    static func buildEither(second: Drawn) -> Drawn { second }
    static func buildOptional(_: Drawn?) -> Drawn { Drawn() }
}

@propertyWrapper
struct Binding<Value> {
    var wrappedValue: Value {
        get { fatalError("nothing is drawn here") }
        nonmutating set { _ = newValue }
    }
    var projectedValue: Binding<Value> { self }
}

@propertyWrapper
struct State<Value> {
    init(wrappedValue: Value) {}
    var wrappedValue: Value {
        get { fatalError("nothing is drawn here") }
        nonmutating set { _ = newValue }
    }
    var projectedValue: Binding<Value> { Binding() }
}

@propertyWrapper
struct SceneStorage<Value> {
    init(wrappedValue: Value, _ name: String) {}
    var wrappedValue: Value {
        get { fatalError("nothing is drawn here") }
        nonmutating set { _ = newValue }
    }
    var projectedValue: Binding<Value> { Binding() }
}

protocol ObservableObject: AnyObject {}

@propertyWrapper
struct Published<Value> {
    var wrappedValue: Value
}

@propertyWrapper
struct StateObject<Value: ObservableObject> {
    init(wrappedValue: @autoclosure @escaping () -> Value) {}
    var wrappedValue: Value { fatalError("nothing is drawn here") }
}

struct Text: View {
    init(_ text: String) {}
    var body: Drawn { Drawn() }
}

struct TextField: View {
    init(_ prompt: String, text: Binding<String>) {}
    var body: Drawn { Drawn() }
}

struct Button: View {
    init(_ title: String, action: @escaping @MainActor () -> Void) {}
    var body: Drawn { Drawn() }
}

struct ProgressView: View {
    init() {}
    var body: Drawn { Drawn() }
}

struct EmptyView: View {
    init() {}
    var body: Drawn { Drawn() }
}

struct VStack: View {
    init(@ViewBuilder _ content: () -> Drawn) {}
    var body: Drawn { Drawn() }
}

struct PeriodicTimelineSchedule {
    static func periodic(from: Date, by: TimeInterval) -> PeriodicTimelineSchedule { PeriodicTimelineSchedule() }
}

struct TimelineView: View {
    init(_ schedule: PeriodicTimelineSchedule, @ViewBuilder _ content: @escaping @MainActor (Date) -> Drawn) {}
    var body: Drawn { Drawn() }
}

enum UITextContentType { case oneTimeCode, telephoneNumber }
enum UIKeyboardType { case numberPad, phonePad }

extension View {
    func textContentType(_: UITextContentType) -> Drawn { Drawn() }
    func keyboardType(_: UIKeyboardType) -> Drawn { Drawn() }
    func disabled(_: Bool) -> Drawn { Drawn() }
    func accessibilityHint(_: String) -> Drawn { Drawn() }
    func task(_: @escaping @MainActor @Sendable () async -> Void) -> Drawn { Drawn() }
    func onChange<Value: Equatable>(of: Value, _: @escaping @MainActor (Value) -> Void) -> Drawn { Drawn() }
}
