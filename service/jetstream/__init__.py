"""The log in a stream of NATS JetStream: the relay that publishes it, and the link that it goes over."""
