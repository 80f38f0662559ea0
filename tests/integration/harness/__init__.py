# SPDX-License-Identifier: MIT
"""What the tests stand on: the program as a process, nameservers that misbehave to order, clients, directories."""
