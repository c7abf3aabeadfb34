"""One suite that every channel is put through, each with its simulator. A new channel adds itself to `SIMULATORS`."""
