"""What a prediction rests on: heat maps of networks, SHAP values of classical models."""
