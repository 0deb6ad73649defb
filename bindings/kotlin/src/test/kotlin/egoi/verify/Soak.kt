package egoi.verify

/** [short], or [full] where the environment has `EGOI_SOAK=1`; says which, past Maven, which keeps what tests print. */
internal fun soak(name: String, short: Int, full: Int): Int {
    val count = if (System.getenv("EGOI_SOAK") == "1") full else short
    println("$name: $count of $full")
    return count
}
