"""DICOM files: their frames, regions and segmentation objects."""
