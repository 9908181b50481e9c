"""Python's clients against a served backup: typed, dynamic, watching, refused."""

import sys

import kr8s
from kubernetes import client, config, dynamic, watch

config.load_kube_config(sys.argv[1])
core = client.CoreV1Api()

pods = core.list_pod_for_all_namespaces(limit=10)
names = [pod.metadata.name for pod in pods.items]
while pods.metadata._continue:
    pods = core.list_pod_for_all_namespaces(limit=10, _continue=pods.metadata._continue)
    names += [pod.metadata.name for pod in pods.items]
secrets = core.list_secret_for_all_namespaces().items
deployment = client.AppsV1Api().read_namespaced_deployment("web-2", "analytics")
print("typed", len(names), len(secrets), deployment.status.ready_replicas)

api = dynamic.DynamicClient(client.ApiClient())
versions = api.resources.get(api_version="config.openshift.io/v1", kind="ClusterVersion")
print("dynamic", versions.get(name="version").status.desired.version)

events = watch.Watch().stream(core.list_pod_for_all_namespaces, resource_version="790", timeout_seconds=1)
kinds = [event["type"] for event in events]
print("watch", kinds.count("ADDED"), kinds.count("MODIFIED"))

try:
    core.delete_namespaced_pod(names[0], "analytics")
except client.ApiException as refused:
    print("refused", refused.status, refused.reason)

api = kr8s.api(kubeconfig=sys.argv[1])
nodes = sorted(node.name for node in kr8s.get("nodes", api=api))
print("kr8s", nodes[0], len(list(kr8s.get("pods", namespace=kr8s.ALL, api=api))))
