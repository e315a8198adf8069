
export{_ as component}from"../chunks/b7oKenzV.js";