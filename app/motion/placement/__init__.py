"""Place a person in the room: where the pelvis is, where the floor is, which way is up."""
