
export{_ as component}from"../chunks/B5mG4313.js";