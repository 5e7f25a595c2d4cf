"""Which element types the importer takes for each operator: what it says of the operators' own test cases, with other types.

ONNX's package has cases for its operators. For each element type that the schema of a case's operator allows for the first
input, the case's node is put into a model, and the importer names all nodes of it that it refuses.
"""

import re
import subprocess
import tempfile
import warnings
from pathlib import Path

import onnx
from onnx import TensorProto, defs, helper

GROUPS = {
    "floats": ["float", "double", "float16", "bfloat16"],
    "integers": ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"],
    "small floats": ["float8e4m3fn", "float8e4m3fnuz", "float8e5m2", "float8e5m2fnuz", "float8e8m0", "float4e2m1"],
    "6-bit floats": ["float6e2m3", "float6e3m2"],
    "small integers": ["int2", "int4", "uint2", "uint4"],
}


def collect_nodes():
    """(domain, operator) -> the newest model that is one node of it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from onnx.backend.test.case.node import collect_testcases
        cases = collect_testcases(None)
    found = {}
    for case in cases:
        if case.model is None or len(case.model.graph.node) != 1:
            continue
        node = case.model.graph.node[0]
        version = next(each.version for each in case.model.opset_import if each.domain == node.domain)
        key = (node.domain, node.op_type)
        if node.input and (key not in found or version > found[key][0]):
            found[key] = (version, case.model)
    return found


def split_type(text):
    """('seq(tensor', 'float') of 'seq(tensor(float))'."""
    return text.rpartition("(")[0], re.sub(r".*\(|\)", "", text)


def get_type_text(proto):
    if proto.HasField("sequence_type"):
        return f"seq({get_type_text(proto.sequence_type.elem_type)})"
    if proto.HasField("optional_type"):
        return f"optional({get_type_text(proto.optional_type.elem_type)})"
    return f"tensor({TensorProto.DataType.Name(proto.tensor_type.elem_type).lower()})"


def set_element(proto, element):
    """Changes the innermost element type."""
    if proto.HasField("sequence_type"):
        set_element(proto.sequence_type.elem_type, element)
    elif proto.HasField("optional_type"):
        set_element(proto.optional_type.elem_type, element)
    else:
        proto.tensor_type.elem_type = getattr(TensorProto, element.upper())


def get_variable(schema, model):
    """The type variable of the first input that the node has, and the inputs of the model that have its type."""
    node = model.graph.node[0]
    formals = [schema.inputs[min(i, len(schema.inputs) - 1)] for i in range(len(node.input))]
    first = next(i for i, name in enumerate(node.input) if name)
    variable = formals[first].type_str
    return variable, first, {name for name, formal in zip(node.input, formals) if name and formal.type_str == variable}


def retype(model, names, element, prefix):
    """The node and its inputs, with other names and another element type."""
    node = onnx.NodeProto()
    node.CopyFrom(model.graph.node[0])
    node.name = prefix
    for field in (node.input, node.output):
        for i, name in enumerate(field):
            field[i] = name and f"{prefix}/{name}"
    ports = []
    for port in model.graph.input:
        ports.append(onnx.ValueInfoProto())
        ports[-1].CopyFrom(port)
        ports[-1].name = f"{prefix}/{port.name}"
        if port.name in names:
            set_element(ports[-1].type, element)
    return node, ports


def find_refused(build, domain, version, parts):
    """The names of the nodes that the importer refuses."""
    graph = onnx.GraphProto(name="g")
    for node, ports in parts:
        graph.node.append(node)
        graph.input.extend(ports)
        graph.output.append(onnx.ValueInfoProto(name=next(name for name in node.output if name)))
    imports = [helper.make_opsetid(domain, version)] + ([helper.make_opsetid("", 28)] if domain else [])
    model = helper.make_model(graph, opset_imports=imports, ir_version=10)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "m.onnx")
        onnx.save(model, path)
        run = subprocess.run([build / "bin/dlc-compile", path, "--compile-to=import", "-o", Path(folder, "m.mlir")],
                             capture_output=True, text=True)
    if run.returncode not in (0, 1):
        raise RuntimeError(run.stderr)
    return {name.split("/")[0] for line in run.stderr.splitlines() for name in re.findall(r"'([^']*)'", line)[:1]}


def find_types(build):
    """(domain, operator) -> element types, in the order of GROUPS and then bool and string."""
    parts, wanted = {}, {}
    for (domain, operator), (version, model) in collect_nodes().items():
        schema = defs.get_schema(operator, version, domain)
        variable, first, names = get_variable(schema, model)
        port = next((each for each in model.graph.input if each.name == model.graph.node[0].input[first]), None)
        allowed = [t for c in schema.type_constraints if c.type_param_str == variable for t in c.allowed_type_strs]
        if port is None or not allowed:
            continue
        outer, _ = split_type(get_type_text(port.type))
        elements = {element for kind, element in map(split_type, allowed) if kind == outer and "complex" not in element}
        for element in elements:
            prefix = f"{domain}.{operator}.{element}"
            parts.setdefault((domain, version), []).append(retype(model, names, element, prefix))
            wanted[prefix] = (domain, operator, element)
    refused = set().union(*(find_refused(build, *key, each) for key, each in parts.items()))
    found = {}
    for prefix, (domain, operator, element) in wanted.items():
        if prefix not in refused:
            found.setdefault((domain or "ai.onnx", operator), set()).add(element)
    return found


def describe(elements):
    """'floats, int32, bool'."""
    texts, rest = [], set(elements)
    for group, members in GROUPS.items():
        if rest.issuperset(members):
            texts.append(group)
        else:
            texts += [element for element in members if element in rest]
        rest -= set(members)
    return ", ".join(texts + sorted(rest))
