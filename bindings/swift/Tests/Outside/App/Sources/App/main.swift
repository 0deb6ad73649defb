await play()
print("played")
