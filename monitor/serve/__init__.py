"""The HTTP and WebSocket doors: who may ask, what is answered, in which shape."""
