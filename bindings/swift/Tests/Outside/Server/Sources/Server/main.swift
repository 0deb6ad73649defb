print(try await prove("+351 910 000 000") ? "proved" : "not proved")
