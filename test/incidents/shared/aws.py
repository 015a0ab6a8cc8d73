"""A stand-in for AWS beside a world: what it says of a balancer, and the key that the triage needs to ask it.

    aws = Aws(w, arn="net/edge/50dc6c495c0c9188", ...)   # writes aws.json and credentials, starts it
    aws.inventory                                         # the line for the inventory
"""
import glob
import json
import os
import shutil
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
REGION = "eu-central-1"
KEY = "AKIAIOSFODNN7EXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


def node():
    """A Node that runs TypeScript as it is: 24 or newer."""
    parts = os.environ.get("ITI_PARTS") or f"{ROOT}/.parts"
    wanted = [os.environ.get("ITI_NODE"), *glob.glob(f"{parts}/node-*/bin/node"), *glob.glob(f"{ROOT}/.parts/node-*/bin/node"), shutil.which("node")]
    for one in filter(None, wanted):
        said = subprocess.run([one, "-p", "process.versions.node"], capture_output=True, text=True, check=False)
        if said.returncode == 0 and int(said.stdout.split(".")[0]) >= 24:
            return one
    return None


def minutes(value, first=3, last=14):
    """The same value in each of these minutes before now."""
    return [{"minutesAgo": ago, "value": value} for ago in range(first, last + 1)]


def group(name, port, targets, attributes=None, protocol="TCP", **check):
    return {
        "name": name, "port": port, "protocol": protocol, "targetType": "ip",
        "check": {"protocol": protocol, "port": "traffic-port", "interval": 10, "fall": 3, "rise": 3, **check},
        "attributes": {"deregistration_delay.timeout_seconds": "300", **({} if protocol == "HTTP" else {"proxy_protocol_v2.enabled": "false"}), **(attributes or {})},
        "targets": targets,
    }


class Aws:
    def __init__(self, world, name, listeners, groups, zones=("eu-central-1a", "eu-central-1b"), attributes=None, metrics=None, **more):
        runtime = node()
        if not runtime:
            world.skip("Node 24 is not here")
        (port,) = world.ports("AWS")
        kind = name.split("/")[0]
        self.arn = f"arn:aws:elasticloadbalancing:{REGION}:111122223333:loadbalancer/{name}"
        space = "AWS/NetworkELB" if kind == "net" else "AWS/ApplicationELB"
        said = {
            "region": REGION,
            "key": {"id": KEY, "secret": SECRET},
            "late": 2,
            "balancers": [{
                "arn": self.arn, "type": "network" if kind == "net" else "application", "name": name.split("/")[1],
                "dnsName": f"{name.split('/')[1]}-{name.split('/')[2]}.elb.{REGION}.amazonaws.com",
                "zones": list(zones), "attributes": attributes or {}, "listeners": listeners, "groups": groups,
            }],
            "metrics": [
                {"namespace": space, "name": metric, "dimensions": {"LoadBalancer": name, **({"AvailabilityZone": zone} if zone else {})}, "points": points}
                for metric, zone, points in metrics or []
            ],
            **more,
        }
        with open("aws.json", "w") as out:
            json.dump(said, out, indent=1)
        with open("credentials", "w") as out:
            out.write(f"[default]\naws_access_key_id = {KEY}\naws_secret_access_key = {SECRET}\n")
        world.run("aws.log", runtime, "--disable-warning=ExperimentalWarning", f"{ROOT}/test/proxy/cloud/aws-stand-in.ts", "aws.json", str(port))
        self.port = port
        self.inventory = f'aws: {{ endpoint: "http://127.0.0.1:{port}", credentials: ./credentials }}'
