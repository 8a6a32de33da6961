"""What the templates show, made of the API's messages by functions that ask nobody."""
