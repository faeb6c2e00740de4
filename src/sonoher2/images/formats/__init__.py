"""Files that are not DICOM: photographs of a screen, NIfTI and NRRD."""
