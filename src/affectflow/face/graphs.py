"""The two MediaPipe graphs as text: which calculators run, with which options.

The options of the networks' inputs and outputs are those of MediaPipe 0.10.21's
own face graphs. `COMMON` needs a `model` filled in, `DETECTOR` a `score_min`.
"""

from __future__ import annotations

# More threads in the network would spin rather than help: 3.2 instead of 2.2 ms a frame with two.
COMMON = """
executor { type: "ApplicationThreadExecutor" }
input_stream: "image"
input_stream: "region"
node {
  calculator: "TfLiteCustomOpResolverCalculator"
  output_side_packet: "OP_RESOLVER:op_resolver"
}
node {
  calculator: "InferenceCalculatorCpu"
  input_stream: "TENSORS:input_tensors"
  output_stream: "TENSORS:output_tensors"
  input_side_packet: "OP_RESOLVER:op_resolver"
  options { [mediapipe.InferenceCalculatorOptions.ext] {
    model_path: "%(model)s"
    delegate { xnnpack { num_threads: 1 } }
  } }
}
"""

MESH = """
output_stream: "score"
output_stream: "landmarks"
node {
  calculator: "ImageToTensorCalculator"
  input_stream: "IMAGE:image"
  input_stream: "NORM_RECT:region"
  output_stream: "TENSORS:input_tensors"
  options { [mediapipe.ImageToTensorCalculatorOptions.ext] {
    output_tensor_width: 192
    output_tensor_height: 192
    output_tensor_float_range { min: 0 max: 1 }
  } }
}
node {
  calculator: "SplitTensorVectorCalculator"
  input_stream: "output_tensors"
  output_stream: "landmark_tensors"
  output_stream: "presence_tensor"
  options { [mediapipe.SplitVectorCalculatorOptions.ext] {
    ranges { begin: 0 end: 6 }
    ranges { begin: 6 end: 7 }
  } }
}
node {
  calculator: "TensorsToFloatsCalculator"
  input_stream: "TENSORS:presence_tensor"
  output_stream: "FLOAT:score"
  options { [mediapipe.TensorsToFloatsCalculatorOptions.ext] { activation: SIGMOID } }
}
node {
  calculator: "TensorsToFaceLandmarksWithAttention"
  input_stream: "TENSORS:landmark_tensors"
  output_stream: "LANDMARKS:landmarks"
}
"""

DETECTOR = """
output_stream: "detections"
node {
  calculator: "ImageToTensorCalculator"
  input_stream: "IMAGE:image"
  input_stream: "NORM_RECT:region"
  output_stream: "TENSORS:input_tensors"
  output_stream: "MATRIX:projection"
  options { [mediapipe.ImageToTensorCalculatorOptions.ext] {
    output_tensor_width: 192
    output_tensor_height: 192
    keep_aspect_ratio: true
    output_tensor_float_range { min: -1 max: 1 }
    border_mode: BORDER_ZERO
  } }
}
node {
  calculator: "SsdAnchorsCalculator"
  output_side_packet: "anchors"
  options { [mediapipe.SsdAnchorsCalculatorOptions.ext] {
    input_size_width: 192
    input_size_height: 192
    min_scale: 0.1484375
    max_scale: 0.75
    anchor_offset_x: 0.5
    anchor_offset_y: 0.5
    num_layers: 1
    strides: 4
    aspect_ratios: 1
    interpolated_scale_aspect_ratio: 0
    fixed_anchor_size: true
  } }
}
node {
  calculator: "TensorsToDetectionsCalculator"
  input_stream: "TENSORS:output_tensors"
  input_side_packet: "ANCHORS:anchors"
  output_stream: "DETECTIONS:raw_detections"
  options { [mediapipe.TensorsToDetectionsCalculatorOptions.ext] {
    num_classes: 1
    num_boxes: 2304
    num_coords: 16
    x_scale: 192
    y_scale: 192
    w_scale: 192
    h_scale: 192
    keypoint_coord_offset: 4
    num_keypoints: 6
    num_values_per_keypoint: 2
    box_coord_offset: 0
    reverse_output_order: true
    sigmoid_score: true
    score_clipping_thresh: 100
    min_score_thresh: %(score_min)r
  } }
}
node {
  calculator: "NonMaxSuppressionCalculator"
  input_stream: "raw_detections"
  output_stream: "merged_detections"
  options { [mediapipe.NonMaxSuppressionCalculatorOptions.ext] {
    min_suppression_threshold: 0.3
    overlap_type: INTERSECTION_OVER_UNION
    algorithm: WEIGHTED
  } }
}
node {
  calculator: "DetectionProjectionCalculator"
  input_stream: "DETECTIONS:merged_detections"
  input_stream: "PROJECTION_MATRIX:projection"
  output_stream: "DETECTIONS:detections"
}
"""
