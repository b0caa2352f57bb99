"""What a test says to Debian's paho-mqtt, line by line as JSON, and what comes of it, in the same way.

It runs on the system's Python, where Debian puts paho, and prints one line for each thing that happens.
"""

import json
import sys

import paho.mqtt.client as paho

clients = {}


def say(**words):
    print(json.dumps(words), flush=True)


def connect(name, port, id, clean=True, user=None, password=None, keepalive=60, transport="tcp", will=None):
    client = paho.Client(client_id=id, clean_session=clean, protocol=paho.MQTTv311, transport=transport)
    client.on_connect = lambda c, u, flags, code: say(
        client=name, kind="connected", code=code, present=bool(flags["session present"])
    )
    client.on_disconnect = lambda c, u, code: say(client=name, kind="disconnected")
    client.on_message = lambda c, u, m: say(
        client=name,
        kind="message",
        topic=m.topic,
        payload=m.payload.decode(),
        qos=m.qos,
        retain=bool(m.retain),
    )
    client.on_publish = lambda c, u, mid: say(client=name, kind="published", id=mid)
    client.on_subscribe = lambda c, u, mid, granted: say(client=name, kind="subscribed", granted=list(granted))
    client.on_unsubscribe = lambda c, u, mid: say(client=name, kind="unsubscribed")
    if user is not None:
        client.username_pw_set(user, password)
    if will is not None:
        client.will_set(**will)
    client.ws_set_options(path="/mqtt")
    client.reconnect_delay_set(min_delay=1, max_delay=1)
    clients[name] = client
    client.connect("127.0.0.1", port, keepalive)
    client.loop_start()


def publish(name, **message):
    clients[name].publish(**message)


def subscribe(name, filters):
    clients[name].subscribe([tuple(each) for each in filters])


def unsubscribe(name, filters):
    clients[name].unsubscribe(filters)


def disconnect(name):
    client = clients.pop(name)
    client.disconnect()
    client.loop_stop()


def stop(name):
    """It falls silent, and its socket stays."""
    clients[name].loop_stop()


def cut(name):
    """The network fails: no DISCONNECT."""
    client = clients.pop(name)
    client.loop_stop()
    client.socket().close()


for line in sys.stdin:
    action, arguments = json.loads(line)
    globals()[action](**arguments)
