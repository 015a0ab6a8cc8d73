"""Envoy configurations for worlds written in Python."""
import os

T = "type.googleapis.com/envoy"
FORMAT = ('[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% '
          '%CONNECTION_TERMINATION_DETAILS% "%UPSTREAM_TRANSPORT_FAILURE_REASON%" %BYTES_RECEIVED% %BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% '
          '"%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" "%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%" %UPSTREAM_CLUSTER% '
          '%UPSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS% %REQUESTED_SERVER_NAME% %ROUTE_NAME%\n')


def address(port, host="127.0.0.1"):
    return {"socket_address": {"address": host, "port_value": port}}


def cluster(name, *ports, **more):
    return {"name": name, "type": "STATIC", "connect_timeout": "1s", "load_assignment": {
        "cluster_name": name, "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address(port)}} for port in ports]}]}, **more}


def hcm(port, name, log, hosts, filters=(), **more):
    """hosts: (name, domains, cluster, route options)."""
    virtual = [{"name": n, "domains": domains, "routes": [{"name": n, "match": {"prefix": "/"}, "route": {"cluster": c, **options}}]} for n, domains, c, options in hosts]
    access = [{"name": "envoy.access_loggers.file", "typed_config": {"@type": f"{T}.extensions.access_loggers.file.v3.FileAccessLog", "path": os.path.abspath(log),
               "log_format": {"text_format_source": {"inline_string": FORMAT}}}}] if log else []
    return {"name": name, "address": address(port), "filter_chains": [{"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": {
        "@type": f"{T}.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager", "stat_prefix": name, "codec_type": "AUTO", "access_log": access,
        "route_config": {"name": name, "virtual_hosts": virtual},
        "http_filters": [*filters, {"name": "envoy.filters.http.router", "typed_config": {"@type": f"{T}.extensions.filters.http.router.v3.Router"}}], **more}}]}]}


def bootstrap(admin, listeners, clusters):
    return {"admin": {"address": address(admin)}, "static_resources": {"listeners": listeners, "clusters": clusters}}
